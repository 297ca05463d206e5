using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <content>Launches with typed arguments, one overload for each number of them.</content>
[SkipLocalsInit]
public sealed partial class CudaKernel
{
    /// <summary>Puts a kernel without parameters into <paramref name="stream"/>.</summary>
    /// <param name="stream">A stream of the module's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <exception cref="ArgumentException">The kernel has parameters, or shape or stream do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module or the stream is disposed.</exception>
    public unsafe void Launch(CudaStream stream, in LaunchShape shape)
    {
        CheckCount(0);
        Launch(stream, shape, (void**)null);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 1 argument; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1>(CudaStream stream, in LaunchShape shape, T1 a1)
        where T1 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 1 || widths[0] != sizeof(T1)))
        {
            ThrowWrongSizes([sizeof(T1)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 2 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2)
        where T1 : unmanaged
        where T2 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 2 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 3 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 3 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 4 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 4 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 5 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 5 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 6 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 6 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 7 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 7 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 8 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 8 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 9 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 9 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 10 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 10 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 11 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 11 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 12 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 12 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11) || widths[11] != sizeof(T12)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        arguments[11] = &a12;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 13 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 13 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11) || widths[11] != sizeof(T12) || widths[12] != sizeof(T13)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        arguments[11] = &a12;
        arguments[12] = &a13;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 14 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
        where T14 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 14 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11) || widths[11] != sizeof(T12) || widths[12] != sizeof(T13) || widths[13] != sizeof(T14)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        arguments[11] = &a12;
        arguments[12] = &a13;
        arguments[13] = &a14;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 15 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
        where T14 : unmanaged
        where T15 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 15 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11) || widths[11] != sizeof(T12) || widths[12] != sizeof(T13) || widths[13] != sizeof(T14) || widths[14] != sizeof(T15)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14), sizeof(T15)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        arguments[11] = &a12;
        arguments[12] = &a13;
        arguments[13] = &a14;
        arguments[14] = &a15;
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 16 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, in LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16>(CudaStream stream, in LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15, T16 a16)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
        where T9 : unmanaged
        where T10 : unmanaged
        where T11 : unmanaged
        where T12 : unmanaged
        where T13 : unmanaged
        where T14 : unmanaged
        where T15 : unmanaged
        where T16 : unmanaged
    {
        int[]? widths = _parameterBytes;
        if (widths is not null && (widths.Length != 16 || widths[0] != sizeof(T1) || widths[1] != sizeof(T2) || widths[2] != sizeof(T3) || widths[3] != sizeof(T4) || widths[4] != sizeof(T5) || widths[5] != sizeof(T6) || widths[6] != sizeof(T7) || widths[7] != sizeof(T8) || widths[8] != sizeof(T9) || widths[9] != sizeof(T10) || widths[10] != sizeof(T11) || widths[11] != sizeof(T12) || widths[12] != sizeof(T13) || widths[13] != sizeof(T14) || widths[14] != sizeof(T15) || widths[15] != sizeof(T16)))
        {
            ThrowWrongSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14), sizeof(T15), sizeof(T16)]);
        }

        ArgumentAddresses addresses;
        void** arguments = (void**)&addresses;
        arguments[0] = &a1;
        arguments[1] = &a2;
        arguments[2] = &a3;
        arguments[3] = &a4;
        arguments[4] = &a5;
        arguments[5] = &a6;
        arguments[6] = &a7;
        arguments[7] = &a8;
        arguments[8] = &a9;
        arguments[9] = &a10;
        arguments[10] = &a11;
        arguments[11] = &a12;
        arguments[12] = &a13;
        arguments[13] = &a14;
        arguments[14] = &a15;
        arguments[15] = &a16;
        Launch(stream, shape, arguments);
    }

    // Where the arguments of a launch lie: fields, because an array on the stack would keep the launch from being inlined into its caller.
    private unsafe struct ArgumentAddresses
    {
#pragma warning disable CS0169, IDE0044, IDE0051 // they are written and read by their addresses
        private void* _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16;
#pragma warning restore CS0169, IDE0044, IDE0051
    }
}
