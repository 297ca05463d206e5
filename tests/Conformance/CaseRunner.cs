using System.Runtime.InteropServices;
using CudnnNet;

namespace Conformance;

/// <summary>Runs cases in this process, each on a thread of its own: the last-error texts of the libraries belong to a thread.</summary>
internal sealed class CaseRunner(IReadOnlyDictionary<string, FunctionSignature> signatures)
{
    public CaseOutcome Run(int index, ConformanceCase one)
    {
        (CaseResult result, string detail) = (CaseResult.Died, "");
        var thread = new Thread(() =>
        {
            var replayer = new Replayer(signatures);
            try
            {
                (result, detail) = Run(replayer, one);
            }
            catch (MissingLibraryException exception)
            {
                (result, detail) = (CaseResult.LeftOut, exception.Message);
            }
            catch (Exception exception) when (exception is InvalidDataException or EntryPointNotFoundException or InvalidOperationException)
            {
                (result, detail) = (CaseResult.Different, exception.Message);
            }
            finally
            {
                replayer.Clear();
            }
        });
        thread.Start();
        thread.Join();
        return new CaseOutcome(index, one.Id, one.Family, result, detail);
    }

    private static (CaseResult Result, string Detail) Run(Replayer replayer, ConformanceCase one)
    {
        if (one.NeedsNoGpu)
        {
            return (CaseResult.LeftOut, "true only on a machine without a GPU");
        }

        for (int i = 0; i < one.Steps.Count; i++)
        {
            ConformanceStep step = one.Steps[i];
            if (!IsImplemented(replayer.Signature(step.Function).Library, step.Function))
            {
                return (CaseResult.NotImplemented, step.Function);
            }

            StepAnswer answer = replayer.Call(step);
            if (!answer.Matches(step))
            {
                return (CaseResult.Different, $"step {i}, recorded: {step.Text}, got: {answer}");
            }

            if (step.Crashes)
            {
                break;
            }
        }

        return (CaseResult.Same, "");
    }

    // NVIDIA's own libraries implement what they export; the CPU device says what it implements.
    private static unsafe bool IsImplemented(NativeLibraryId library, string function)
    {
        if (NativeLibraries.Selected != DeviceKind.Cpu || library == NativeLibraryId.Nvrtc
            || !NativeLibraries.TryGetFunction(library, "cudnnnetCpuIsImplemented", out nint address))
        {
            return true;
        }

        nint name = Marshal.StringToCoTaskMemUTF8(function);
        try
        {
            return ((delegate* unmanaged[Cdecl]<nint, int>)address)(name) != 0;
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }
}
