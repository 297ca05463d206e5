using System.Runtime.CompilerServices;

namespace CudnnNet;

/// <summary>
/// Where the native libraries come from. One decision holds for all of them and for the whole process: NVIDIA's libraries and a GPU,
/// or the CPU device with the same interfaces. It falls at the first use.
/// </summary>
public static class NativeLibraries
{
    private static readonly LibraryResolver s_resolver = new(new LibraryEnvironment());

    /// <summary>
    /// What the program asks for; before it is set, what the environment variable <c>CUDNNNET_DEVICE</c> (auto, cuda, cpu) says.
    /// </summary>
    /// <exception cref="InvalidOperationException">Set to something else after the first use.</exception>
    /// <exception cref="ArgumentException">Read while the environment variable holds another word.</exception>
    public static DeviceKind Requested
    {
        get => s_resolver.Requested;
        set => s_resolver.Requested = value;
    }

    /// <summary>What was chosen: <see cref="DeviceKind.Cuda"/> or <see cref="DeviceKind.Cpu"/>. Reading it makes the choice.</summary>
    /// <exception cref="MissingLibraryException">A GPU was demanded and there is none.</exception>
    public static DeviceKind Selected => s_resolver.Selected;

    /// <summary>
    /// Asked before any search: returns the handle of an already loaded library for the given library and side, or 0 to let the search go on.
    /// It must be set before the first use and must not call back into this package.
    /// </summary>
    public static Func<NativeLibraryId, DeviceKind, nint>? ResolveLibrary
    {
        get => s_resolver.Hook;
        set => s_resolver.Hook = value;
    }

    /// <summary>In words: what was chosen and why, and one line for each library loaded so far with its file and version.</summary>
    /// <exception cref="MissingLibraryException">A GPU was demanded and there is none.</exception>
    public static string Describe() => s_resolver.Describe();

    /// <summary>Looks a symbol up in a library, without calling it. This is how to ask whether the library found has a newer function.</summary>
    /// <param name="library">The library; it is loaded now if it was not yet.</param>
    /// <param name="symbol">The linker's name.</param>
    /// <param name="address">The address, 0 where the answer is no.</param>
    /// <exception cref="MissingLibraryException">The library is not there.</exception>
    public static bool TryGetFunction(NativeLibraryId library, string symbol, out nint address) => s_resolver.TryFind(library, symbol, out address);

    /// <summary>Finds a function for its slot in the raw classes.</summary>
    /// <exception cref="MissingLibraryException">The library is not there.</exception>
    /// <exception cref="MissingFunctionException">The library does not have the function.</exception>
    // Done once: compiled into its users, the search would take the room that what is done at every call needs.
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static nint Bind(NativeLibraryId library, string function, ref nint slot)
    {
        nint address = s_resolver.Function(library, function);
        Volatile.Write(ref slot, address);
        return address;
    }
}
