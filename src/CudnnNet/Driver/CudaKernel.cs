using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>A kernel of a module, ready to be launched. It lives as long as its <see cref="Module"/>.</summary>
/// <remarks>
/// <para>Arguments are passed by value, as C would: device addresses as <see cref="DeviceSpan{T}.Address"/> (8 bytes), numbers in the exact
/// width of the kernel's parameter. Where the driver tells the parameters' sizes (<c>cuFuncGetParamInfo</c>, CUDA 12.4), a wrong count or width
/// is an <see cref="ArgumentException"/> before the launch.</para>
/// <para>A launch puts the kernel into the stream and returns. It allocates no managed memory and boxes nothing.</para>
/// </remarks>
public sealed partial class CudaKernel
{
    // Sizes of the parameters in bytes; null where the driver does not tell.
    private readonly int[]? _parameterBytes;

    // Where each lies in the packed arguments.
    private readonly int[] _parameterOffsets;
    private readonly CUfunction _handle;

    internal CudaKernel(CudaModule module, string name, CUfunction handle)
    {
        Module = module;
        Name = name;
        _handle = handle;
        (_parameterBytes, _parameterOffsets) = QueryParameters(handle);
    }

    /// <summary>The module the kernel belongs to.</summary>
    public CudaModule Module { get; }

    /// <summary>The kernel's linker name.</summary>
    public string Name { get; }

    /// <summary>The number of parameters; null where the driver does not tell (before CUDA 12.4).</summary>
    public int? ParameterCount => _parameterBytes?.Length;

    /// <summary>The driver's handle.</summary>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public CUfunction Handle
    {
        get
        {
            Module.Require();
            return _handle;
        }
    }

    /// <summary>Any attribute the driver knows of the compiled kernel, such as its registers (<c>cuFuncGetAttribute</c>).</summary>
    /// <exception cref="CudaException">The driver does not know the attribute.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public unsafe int GetAttribute(CUfunction_attribute attribute)
    {
        CUfunction handle = Handle;
        Module.Context.EnsureCurrent();
        int value;
        CUresult status = Cuda.cuFuncGetAttribute(&value, attribute, handle);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuFuncGetAttribute", status, $"{attribute} of kernel {Name} was asked for");
        }

        return value;
    }

    /// <summary>Sets an attribute, such as the most dynamic shared memory (<c>cuFuncSetAttribute</c>).</summary>
    /// <exception cref="CudaException">The driver does not accept it.</exception>
    /// <exception cref="ObjectDisposedException">The module is disposed.</exception>
    public void SetAttribute(CUfunction_attribute attribute, int value)
    {
        CUfunction handle = Handle;
        Module.Context.EnsureCurrent();
        CUresult status = Cuda.cuFuncSetAttribute(handle, attribute, value);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuFuncSetAttribute", status, $"{attribute} of kernel {Name} was to be {value}");
        }
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with arguments known only at run time.</summary>
    /// <param name="stream">A stream of the module's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">One for each parameter, in order: <c>kernel.Launch(stream, shape, [x.Pointer, count, 0.5f])</c>.</param>
    /// <exception cref="ArgumentException">Count or width of the arguments, shape or stream do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module or the stream is disposed.</exception>
    public unsafe void Launch(CudaStream stream, in LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        const int most = 1024;
        if (arguments.Length > most)
        {
            throw new ArgumentException($"{arguments.Length} arguments were given; a kernel takes {most} at most.", nameof(arguments));
        }

        CheckCount(arguments.Length);
        fixed (KernelArgument* first = arguments)
        {
            void** addresses = stackalloc void*[arguments.Length];
            for (int i = 0; i < arguments.Length; i++)
            {
                CheckSize(i, first[i].Bytes);
                addresses[i] = &first[i];
            }

            Launch(stream, shape, addresses);
        }
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with its arguments in one structure.</summary>
    /// <typeparam name="TArguments">A structure whose fields are the kernel's parameters, in order and laid out as C would (<c>LayoutKind.Sequential</c>).</typeparam>
    /// <param name="stream">A stream of the module's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <param name="arguments">The arguments. Any number of them, of any width.</param>
    /// <exception cref="ArgumentException">The structure's size is not that of the parameters, or shape or stream do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module or the stream is disposed.</exception>
    public unsafe void LaunchPacked<TArguments>(CudaStream stream, in LaunchShape shape, in TArguments arguments)
        where TArguments : unmanaged
    {
        CheckPacked(sizeof(TArguments));
        fixed (TArguments* packed = &arguments)
        {
            nuint bytes = (nuint)sizeof(TArguments);
            void** extra = stackalloc void*[] { PackedPointer, packed, PackedSize, &bytes, null };
            Launch(stream, shape, null, extra);
        }
    }

    // CU_LAUNCH_PARAM_BUFFER_POINTER and CU_LAUNCH_PARAM_BUFFER_SIZE; the list ends with CU_LAUNCH_PARAM_END, a null.
    internal static unsafe void* PackedPointer => (void*)1;

    internal static unsafe void* PackedSize => (void*)2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void Launch(CudaStream stream, in LaunchShape shape, void** arguments, void** extra = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Module.Require();
        shape.Validate();
        CUstream queue = stream.Enter();
        if (stream.Context.KeptHandle != Module.Context.KeptHandle)
        {
            ThrowOtherContext(stream);
        }

        CUresult status = shape.HasAttributes
            ? LaunchExtended(queue, shape, arguments, extra)
            : Cuda.cuLaunchKernel(
                _handle, shape.Grid.X, shape.Grid.Y, shape.Grid.Z, shape.Block.X, shape.Block.Y, shape.Block.Z, shape.SharedBytes, queue, arguments, extra);
        if (status != CUresult.CUDA_SUCCESS)
        {
            ThrowNotLaunched(status, shape);
        }
    }

    private unsafe CUresult LaunchExtended(CUstream queue, in LaunchShape shape, void** arguments, void** extra)
    {
        CUlaunchAttribute* attributes = stackalloc CUlaunchAttribute[LaunchAttributes.Most];
        CUlaunchConfig configuration = LaunchAttributes.Configuration(shape, queue, attributes);
        return Cuda.cuLaunchKernelEx(&configuration, _handle, arguments, extra);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckCount(int count)
    {
        if (_parameterBytes is not null && _parameterBytes.Length != count)
        {
            ThrowWrongCount(count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CheckSize(int index, int bytes)
    {
        if (_parameterBytes is not null && _parameterBytes[index] != bytes)
        {
            ThrowWrongSize(index, bytes);
        }
    }

    private void ThrowWrongSizes(ReadOnlySpan<int> bytes)
    {
        CheckCount(bytes.Length);
        for (int i = 0; i < bytes.Length; i++)
        {
            CheckSize(i, bytes[i]);
        }
    }

    [DoesNotReturn]
    private void ThrowWrongCount(int count) => throw new ArgumentException(
        $"Kernel {Name} was to be launched with {count} argument(s); it has {_parameterBytes!.Length} parameter(s) of {string.Join(", ", _parameterBytes)} bytes.");

    [DoesNotReturn]
    private void ThrowWrongSize(int index, int bytes) => throw new ArgumentException(
        $"Argument {index + 1} of kernel {Name} has {bytes} bytes, its parameter {_parameterBytes![index]}. " +
        "Pass numbers in the parameter's exact width and device memory as its Address.");

    [DoesNotReturn]
    private void ThrowOtherContext(CudaStream stream) => throw new ArgumentException(
        $"Kernel {Name} is loaded into a context of device {Module.Context.Device}, the stream belongs to another one, of device {stream.Context.Device}. Load the module into the stream's context.", nameof(stream));

    [DoesNotReturn]
    private void ThrowNotLaunched(CUresult status, LaunchShape shape) => CudaFailure.Throw(
        shape.HasAttributes ? "cuLaunchKernelEx" : "cuLaunchKernel", status, $"Kernel {Name} was to be launched with a grid of {shape.Grid} blocks of {shape.Block} threads and {shape.SharedBytes} bytes of shared memory{(shape.Cluster.X != 0 ? $" in clusters of {shape.Cluster} blocks" : string.Empty)}{(shape.Cooperative ? ", all blocks at once" : string.Empty)}");

    internal void CheckPacked(int bytes)
    {
        if (_parameterBytes is null)
        {
            return;
        }

        int used = _parameterBytes.Length == 0 ? 0 : _parameterOffsets[^1] + _parameterBytes[^1];
        // C pads a structure's end to its widest field, at most 16 bytes.
        if (bytes < used || bytes - used >= 16)
        {
            ThrowWrongPackedSize(bytes, used);
        }
    }

    [DoesNotReturn]
    private void ThrowWrongPackedSize(int bytes, int used) => throw new ArgumentException(
        $"Kernel {Name} was to be launched with a structure of {bytes} bytes; its {_parameterBytes!.Length} parameter(s) take {used} bytes, "
        + $"at {string.Join(", ", _parameterOffsets.Zip(_parameterBytes, (offset, size) => $"{offset} ({size})"))}. Lay the structure out as the parameters.");

    private static unsafe (int[]? Bytes, int[] Offsets) QueryParameters(CUfunction handle)
    {
        List<int> sizes = [];
        List<int> offsets = [];
        try
        {
            while (true)
            {
                nuint offset;
                nuint bytes;
                CUresult status = Cuda.cuFuncGetParamInfo(handle, (nuint)sizes.Count, &offset, &bytes);
                switch (status)
                {
                    case CUresult.CUDA_SUCCESS:
                        sizes.Add((int)bytes);
                        offsets.Add((int)offset);
                        break;
                    // The answer to the first index past the end.
                    case CUresult.CUDA_ERROR_INVALID_VALUE:
                        return ([.. sizes], [.. offsets]);
                    default:
                        return (null, []);
                }
            }
        }
        catch (MissingFunctionException)
        {
            return (null, []);
        }
    }

    /// <summary>Checks count and widths and hands out where the arguments lie; for graph nodes, which copy them.</summary>
    internal unsafe void Address(ReadOnlySpan<KernelArgument> arguments, KernelArgument* pinned, void** addresses)
    {
        CheckCount(arguments.Length);
        for (int i = 0; i < arguments.Length; i++)
        {
            CheckSize(i, pinned[i].Bytes);
            addresses[i] = &pinned[i];
        }
    }
}
