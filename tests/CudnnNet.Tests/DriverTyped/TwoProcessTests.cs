using System.Diagnostics;
using System.Runtime.InteropServices;
using Golden;
using Microsoft.Win32.SafeHandles;
using SecondProcess;

namespace CudnnNet.Tests;

/// <summary>What two processes share on a device; the other one is tests/SecondProcess.</summary>
[Platform("Linux", Reason = "pools are shared by file descriptors, and memory and events by handles of Linux")]
public sealed partial class TwoProcessTests
{
    private const int Elements = 3_000;

    [Test]
    public void Memory_an_event_and_a_pool_are_one_in_two_processes()
    {
        Requires.Implemented("cuIpcOpenMemHandle_v2", "cuIpcOpenEventHandle", "cuMemPoolImportFromShareableHandle", "cuMemPoolImportPointer");
        using TestDevice device = new();
        Requires.Device(device.Context.Properties.HasMemoryPools, "memory pools");
        DeviceMemory<int> memory = device.Own(device.Context.Allocate<int>(Elements));
        using CudaEvent filled = device.Context.CreateInterprocessEvent();
        using MemoryPool pool = device.Context.CreateMemoryPool(shareable: true);
        using StreamMemory<int> pooled = pool.Allocate<int>(device.Stream, Elements);
        device.Stream.Synchronize();

        // The work which the other process waits for begins when that process has said that it waits.
        using ManualResetEventSlim waited = new();
        using HostCallback gate = new(() => waited.Wait(TimeSpan.FromMinutes(1)));
        device.Stream.Invoke(gate);
        device.Stream.Fill(memory.Span, 1);
        device.Stream.Fill(pooled.Span, 2);
        device.Stream.Record(filled);
        using Process other = Start(memory, filled, pool, pooled);
        Task<string> errors = other.StandardError.ReadToEndAsync();
        string? before = other.StandardOutput.ReadLine();
        waited.Set();
        string after = other.StandardOutput.ReadToEnd().TrimEnd();
        bool ended = other.WaitForExit(TimeSpan.FromMinutes(1));
        if (!ended)
        {
            other.Kill();
        }

        int[] values = device.Download(memory.Span);
        int[] pooledValues = device.Download(pooled.Span);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ended, "the other process did not end");
            Assert.That(before, Is.EqualTo("waiting"), errors.Result);
            Assert.That(after, Is.EqualTo("memory 1, pool 2"), errors.Result);
            Assert.That(other.ExitCode, Is.Zero, errors.Result);
            Assert.That(values[0], Is.EqualTo(1));
            Assert.That(values[1..], Is.All.EqualTo(3));
            Assert.That(pooledValues[0], Is.EqualTo(2));
            Assert.That(pooledValues[1..], Is.All.EqualTo(4));
        }
    }

    private static Process Start(DeviceMemory<int> memory, CudaEvent filled, MemoryPool pool, StreamMemory<int> pooled)
    {
        using SafeFileHandle exported = pool.Export();
        // A duplicate goes on to the child under its number; the descriptor itself may be closed there.
        using SafeFileHandle inherited = new(Duplicate((int)exported.DangerousGetHandle()), ownsHandle: true);
        SharedHandles handles = new(Elements, memory.GetIpcHandle(), filled.GetIpcHandle(), (int)inherited.DangerousGetHandle(), pool.GetHandle(pooled));
        ProcessStartInfo start = ProgramStart.Of(typeof(SharedHandles).Assembly, handles.ToArguments());
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);
}
