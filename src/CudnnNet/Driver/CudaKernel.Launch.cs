namespace CudnnNet;

/// <content>Launches with typed arguments, one overload for each number of them.</content>
public sealed partial class CudaKernel
{
    /// <summary>Puts a kernel without parameters into <paramref name="stream"/>.</summary>
    /// <param name="stream">A stream of the module's context.</param>
    /// <param name="shape">Grid, block and dynamic shared memory.</param>
    /// <exception cref="ArgumentException">The kernel has parameters, or shape or stream do not fit.</exception>
    /// <exception cref="ObjectDisposedException">The module or the stream is disposed.</exception>
    public unsafe void Launch(CudaStream stream, LaunchShape shape)
    {
        CheckCount(0);
        Launch(stream, shape, (void**)null);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 1 argument; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1>(CudaStream stream, LaunchShape shape, T1 a1)
        where T1 : unmanaged
    {
        CheckSizes([sizeof(T1)]);
        void** arguments = stackalloc void*[] { &a1 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 2 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2)
        where T1 : unmanaged
        where T2 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2)]);
        void** arguments = stackalloc void*[] { &a1, &a2 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 3 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 4 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 5 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 6 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 7 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 8 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8)
        where T1 : unmanaged
        where T2 : unmanaged
        where T3 : unmanaged
        where T4 : unmanaged
        where T5 : unmanaged
        where T6 : unmanaged
        where T7 : unmanaged
        where T8 : unmanaged
    {
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 9 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 10 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 11 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 12 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11, &a12 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 13 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11, &a12, &a13 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 14 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11, &a12, &a13, &a14 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 15 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14), sizeof(T15)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11, &a12, &a13, &a14, &a15 };
        Launch(stream, shape, arguments);
    }

    /// <summary>Puts the kernel into <paramref name="stream"/> with 16 arguments; see the class for how they are passed.</summary>
    /// <inheritdoc cref="Launch(CudaStream, LaunchShape, ReadOnlySpan{KernelArgument})" path="/param[@name='stream']|/param[@name='shape']|/exception"/>
    public unsafe void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16>(CudaStream stream, LaunchShape shape, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10, T11 a11, T12 a12, T13 a13, T14 a14, T15 a15, T16 a16)
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
        CheckSizes([sizeof(T1), sizeof(T2), sizeof(T3), sizeof(T4), sizeof(T5), sizeof(T6), sizeof(T7), sizeof(T8), sizeof(T9), sizeof(T10), sizeof(T11), sizeof(T12), sizeof(T13), sizeof(T14), sizeof(T15), sizeof(T16)]);
        void** arguments = stackalloc void*[] { &a1, &a2, &a3, &a4, &a5, &a6, &a7, &a8, &a9, &a10, &a11, &a12, &a13, &a14, &a15, &a16 };
        Launch(stream, shape, arguments);
    }
}
