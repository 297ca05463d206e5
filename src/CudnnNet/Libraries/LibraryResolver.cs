using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// Decides once whether NVIDIA's libraries or the CPU device serve this process, and loads each library at its first use.
/// All libraries come from the same side; only NVRTC, which computes nothing, is always NVIDIA's.
/// </summary>
internal sealed unsafe class LibraryResolver(LibraryEnvironment environment)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<NativeLibraryId, LoadedLibrary> _loaded = [];
    private DeviceKind? _requested;
    private DeviceKind? _selected;
    private string _reason = "";
    private LoadedLibrary? _cpuDevice;
    private int _toolkit = 13;

    public Func<NativeLibraryId, DeviceKind, nint>? Hook { get; set; }

    public DeviceKind Requested
    {
        get => _requested ?? FromEnvironment();
        set
        {
            if (!Enum.IsDefined(value))
            {
                throw new ArgumentOutOfRangeException(nameof(value), value, "the device is Auto, Cuda or Cpu");
            }
            lock (_gate)
            {
                if (_selected is { } selected && value != selected && value != Requested)
                {
                    throw new InvalidOperationException(
                        $"The device {value} was asked for after the first use had settled on {selected}; set {nameof(NativeLibraries)}.{nameof(Requested)} before anything else.");
                }
                _requested = value;
            }
        }
    }

    public DeviceKind Selected
    {
        get
        {
            lock (_gate)
            {
                return Select();
            }
        }
    }

    /// <summary>The handle of a library, loaded now if need be.</summary>
    /// <exception cref="MissingLibraryException">It is not there.</exception>
    public nint Library(NativeLibraryId library)
    {
        lock (_gate)
        {
            return Load(library).Handle;
        }
    }

    public bool TryFind(NativeLibraryId library, string symbol, out nint address)
    {
        address = environment.Export(Library(library), symbol);
        return address != 0;
    }

    /// <summary>The address of a function.</summary>
    /// <exception cref="MissingFunctionException">The library does not have it.</exception>
    public nint Function(NativeLibraryId library, string name)
        => TryFind(library, name, out nint address) ? address : throw MissingFunction(library, name);

    public string Describe()
    {
        lock (_gate)
        {
            DeviceKind device = Select();
            var text = new StringBuilder();
            text.Append(device == DeviceKind.Cuda ? "CUDA" : "CPU device").Append(" (").Append(_reason).Append(')');
            foreach ((NativeLibraryId id, LoadedLibrary loaded) in _loaded.OrderBy(p => p.Key))
            {
                text.Append('\n').Append(LibraryNames.Display(id)).Append(": ").Append(FileOf(loaded));
                if (LibraryVersion.Of(id, symbol => environment.Export(loaded.Handle, symbol)) is { } version)
                {
                    text.Append(", version ").Append(version);
                }
            }
            return text.ToString();
        }
    }

    private DeviceKind FromEnvironment() => environment.Variable("CUDNNNET_DEVICE")?.Trim().ToUpperInvariant() switch
    {
        null or "AUTO" => DeviceKind.Auto,
        "CUDA" => DeviceKind.Cuda,
        "CPU" => DeviceKind.Cpu,
        _ => throw new ArgumentException($"CUDNNNET_DEVICE is \"{environment.Variable("CUDNNNET_DEVICE")}\"; it can be auto, cuda or cpu."),
    };

    private DeviceKind Select()
    {
        if (_selected is { } selected)
        {
            return selected;
        }
        DeviceKind requested = Requested;
        string asked = _requested is not null ? "asked for by the program"
            : environment.Variable("CUDNNNET_DEVICE") is not null ? $"CUDNNNET_DEVICE={environment.Variable("CUDNNNET_DEVICE")}"
            : "auto";
        if (requested == DeviceKind.Cpu)
        {
            _reason = asked;
            _selected = DeviceKind.Cpu;
            return DeviceKind.Cpu;
        }
        LoadedLibrary? driver = FindNvidia(NativeLibraryId.Cuda, out string finding);
        bool usable = driver is not null && CountsDevices(driver, out finding);
        if (!usable && requested == DeviceKind.Cuda)
        {
            throw new MissingLibraryException(
                $"A GPU is required ({asked}), but {finding}. Install NVIDIA's driver (nvidia-smi shows whether it works), name the folder of its library "
                + "in CUDNNNET_LIBRARY_PATH, or compute on the CPU device with CUDNNNET_DEVICE=cpu.", NativeLibraryId.Cuda);
        }
        if (usable)
        {
            _loaded[NativeLibraryId.Cuda] = driver!;
        }
        _reason = $"{asked}: {finding}";
        _selected = usable ? DeviceKind.Cuda : DeviceKind.Cpu;
        return _selected.Value;
    }

    private bool CountsDevices(LoadedLibrary driver, out string finding)
    {
        var initialise = (delegate* unmanaged<uint, CUresult>)environment.Export(driver.Handle, "cuInit");
        var count = (delegate* unmanaged<int*, CUresult>)environment.Export(driver.Handle, "cuDeviceGetCount");
        if (initialise == null || count == null)
        {
            finding = $"{driver.File} has no cuInit or no cuDeviceGetCount, so it is not the CUDA driver";
            return false;
        }
        CUresult status = initialise(0);
        if (status != CUresult.CUDA_SUCCESS)
        {
            finding = $"{driver.File} was loaded and cuInit answered {status} ({(int)status})";
            return false;
        }
        int devices = 0;
        status = count(&devices);
        if (status != CUresult.CUDA_SUCCESS || devices == 0)
        {
            finding = status == CUresult.CUDA_SUCCESS
                ? $"{driver.File} counts no device"
                : $"{driver.File} was loaded and cuDeviceGetCount answered {status} ({(int)status})";
            return false;
        }
        // An older driver runs the libraries of its own CUDA generation only.
        int version = 0;
        var driverVersion = (delegate* unmanaged<int*, CUresult>)environment.Export(driver.Handle, "cuDriverGetVersion");
        if (driverVersion != null && driverVersion(&version) == CUresult.CUDA_SUCCESS && version < 13000)
        {
            _toolkit = 12;
        }
        finding = $"{driver.File} counts {devices} device{(devices == 1 ? "" : "s")}";
        return true;
    }

    private LoadedLibrary Load(NativeLibraryId library)
    {
        if (_loaded.TryGetValue(library, out LoadedLibrary? loaded))
        {
            return loaded;
        }
        if (Select() == DeviceKind.Cuda || library == NativeLibraryId.Nvrtc)
        {
            // Selecting the GPU has loaded the driver.
            loaded = _loaded.GetValueOrDefault(library) ?? FindNvidia(library, out string finding) ?? throw new MissingLibraryException(
                $"{LibraryNames.Display(library)} is needed, but {finding}. Install it, or name its folder in CUDNNNET_LIBRARY_PATH"
                + $"{(library == NativeLibraryId.Nvrtc ? "" : "; CUDNNNET_DEVICE=cpu computes without it")}.", library);
            if (library is NativeLibraryId.Cublas or NativeLibraryId.CublasLt && Path.GetFileName(loaded.File).Contains("12", StringComparison.Ordinal))
            {
                _toolkit = 12;
            }
        }
        else
        {
            loaded = FromHook(library, DeviceKind.Cpu) ?? (_cpuDevice ??= FindCpuDevice(library));
        }
        _loaded[library] = loaded;
        return loaded;
    }

    private LoadedLibrary? FromHook(NativeLibraryId library, DeviceKind device)
        => Hook?.Invoke(library, device) is { } handle && handle != 0 ? new LoadedLibrary(handle, "the library given by the program") : null;

    private LoadedLibrary? FindNvidia(NativeLibraryId library, out string finding)
    {
        finding = "";
        if (FromHook(library, DeviceKind.Cuda) is { } given)
        {
            return given;
        }
        foreach (NativeLibraryId needed in LibraryCompanions.Needs(library))
        {
            _ = FindNvidia(needed, out _);
        }
        LoadedLibrary? found = FindNvidia(library, LibraryNames.Nvidia(library, environment.Platform, _toolkit), out finding);
        if (library == NativeLibraryId.Cudnn && found is not null)
        {
            ServeGenerationOf(found);
        }
        return found;
    }

    // The folders the user named come first, whatever lies there; then the better name, wherever it lies.
    private LoadedLibrary? FindNvidia(NativeLibraryId library, IReadOnlyList<string> names, out string finding)
    {
        var search = new LibrarySearch(environment, path => LoadCompanions(library, path));
        LoadedLibrary? found = search.InNamedFolders(LibraryFolders.FromUser(environment), names);
        // The driver belongs to the kernel module, not to a toolkit: only the system knows where it lies.
        List<string> toolkits = library == NativeLibraryId.Cuda || found is not null ? [] : [.. LibraryFolders.OfToolkits(environment)];
        foreach (string name in names)
        {
            found ??= search.ByName(name) ?? search.InFolders(toolkits, name);
        }
        finding = search.Report();
        return found;
    }

    // A cuDNN built with CUDA 12 asks for the cuBLASLt and the NVRTC of CUDA 12, whichever this process took for itself.
    private void ServeGenerationOf(LoadedLibrary cudnn)
    {
        var version = (delegate* unmanaged<nuint>)environment.Export(cudnn.Handle, "cudnnGetCudartVersion");
        int generation = version == null ? 0 : (int)(version() / 1000);
        if (generation is not (12 or 13))
        {
            return;
        }
        foreach (NativeLibraryId needed in (NativeLibraryId[])[NativeLibraryId.Nvrtc, NativeLibraryId.CublasLt])
        {
            _ = FindNvidia(needed, [LibraryNames.Nvidia(needed, environment.Platform, generation)[0]], out _);
        }
    }

    // In whichever order they need each other: again, as long as one more goes in.
    private void LoadCompanions(NativeLibraryId library, string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        List<string> waiting = [.. LibraryCompanions.Beside(library, Path.GetFileName(path), environment.Platform).SelectMany(p => environment.Files(folder, p))];
        while (waiting.RemoveAll(file => environment.Load(file, out _) != 0) > 0)
        {
        }
    }

    private LoadedLibrary FindCpuDevice(NativeLibraryId library)
    {
        IReadOnlyList<string> names = [LibraryNames.CpuDevice(environment.Platform)];
        var search = new LibrarySearch(environment);
        return search.InNamedFolders([environment.BaseDirectory, .. LibraryFolders.FromUser(environment)], names)
            // What it lacks there, it lacks everywhere.
            ?? (search.Lacking is null ? search.ByName(names[0]) : null)
            ?? throw new MissingLibraryException(
                $"The CPU device is to stand in for {LibraryNames.Display(library)}, but {search.Report()}. "
                + (search.Lacking is { } lacking
                    ? $"{lacking.File} is in Debian's package {lacking.Package}: apt-get install {lacking.Package}."
                    : $"Add the package CudnnNet.CpuDevice to the program; or build it (cmake -S native -B build/native && cmake --build build/native) "
                        + $"and put {names[0]} beside the program, or name its folder in CUDNNNET_LIBRARY_PATH."), library);
    }

    private MissingFunctionException MissingFunction(NativeLibraryId library, string name)
    {
        LoadedLibrary loaded;
        lock (_gate)
        {
            loaded = Load(library);
        }
        string display = LibraryNames.Display(library);
        string? version = loaded == _cpuDevice ? null : LibraryVersion.Of(library, symbol => environment.Export(loaded.Handle, symbol));
        string found = loaded == _cpuDevice ? $"the CPU device ({FileOf(loaded)})" : $"{FileOf(loaded)}, version {version ?? "unknown"}";
        return new MissingFunctionException($"{name} is missing in {found}: {Advice(NativeSymbols.Find(library, name), display, version)}.", name, library);
    }

    private static string Advice(NativeSymbol? symbol, string display, string? found) => symbol switch
    {
        null => $"no known version of {display} has it",
        { IsExported: false } => $"the header of {display} declares it, but no known version exports it",
        _ when IsBetween(found, symbol) => $"{display} of this version should have it, so the file may be damaged or a link stub; install {display} again",
        { Until: { } until } => $"{display} has it from version {symbol.Since} to {until} only; use what replaced it",
        _ => $"{display} has it since version {symbol.Since}; install that version or a newer one, or do without the function",
    };

    private static bool IsBetween(string? found, NativeSymbol symbol)
        => Version.TryParse(found, out Version? version) && version >= Version.Parse(symbol.Since)
            && (symbol.Until is null || version <= Version.Parse(symbol.Until));

    // The full path where the loader chose the file; it is known only once the library is mapped.
    private static string FileOf(LoadedLibrary loaded)
    {
        if (Path.IsPathRooted(loaded.File) || !OperatingSystem.IsLinux())
        {
            return loaded.File;
        }
        try
        {
            foreach (string line in File.ReadLines("/proc/self/maps"))
            {
                int path = line.IndexOf('/', StringComparison.Ordinal);
                if (path >= 0 && Path.GetFileName(line.AsSpan(path)).StartsWith(loaded.File, StringComparison.Ordinal))
                {
                    return line[path..];
                }
            }
        }
        catch (IOException)
        {
        }
        return loaded.File;
    }
}
