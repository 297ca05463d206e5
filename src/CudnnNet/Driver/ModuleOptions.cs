using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>What the driver's compiler shall do with PTX. The default leaves everything to the driver.</summary>
/// <param name="MaxRegisters">The most registers a thread may use; null for no limit.</param>
/// <param name="OptimizationLevel">0 (none) to 4 (the driver's default).</param>
/// <param name="DebugInformation">Whether to make what a debugger needs; code gets slower.</param>
/// <param name="LineInformation">Whether to keep line numbers for profilers.</param>
/// <param name="Verbose">Whether <see cref="CudaModule.CompilerLog"/> shall tell registers and memory of each kernel.</param>
public readonly record struct ModuleOptions(
    int? MaxRegisters = null, int? OptimizationLevel = null, bool DebugInformation = false, bool LineInformation = false, bool Verbose = false)
{
    /// <summary>The most options there can be.</summary>
    internal const int Most = 5;

    /// <summary>Writes the options that are set and returns how many there are.</summary>
    internal unsafe int Write(CUjit_option* names, void** values)
    {
        int count = 0;
        Add(MaxRegisters is not null, CUjit_option.CU_JIT_MAX_REGISTERS, MaxRegisters ?? 0);
        Add(OptimizationLevel is not null, CUjit_option.CU_JIT_OPTIMIZATION_LEVEL, OptimizationLevel ?? 0);
        Add(DebugInformation, CUjit_option.CU_JIT_GENERATE_DEBUG_INFO, 1);
        Add(LineInformation, CUjit_option.CU_JIT_GENERATE_LINE_INFO, 1);
        Add(Verbose, CUjit_option.CU_JIT_LOG_VERBOSE, 1);
        return count;

        void Add(bool wanted, CUjit_option name, int value)
        {
            if (wanted)
            {
                names[count] = name;
                values[count] = (void*)(nint)value;
                count++;
            }
        }
    }
}
