using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>
/// Decides once whether NVIDIA's libraries or the CPU device serve this process, and loads each library at its first use.
/// All libraries come from the same side; only NVRTC, which computes nothing, is always NVIDIA's.
/// </summary>
internal sealed unsafe class LibraryResolver(LibraryEnvironment environment)
{
    private sealed record Loaded(nint Handle, string File);

    private readonly Lock _gate = new();
    private readonly Dictionary<NativeLibraryId, Loaded> _loaded = [];
    private DeviceKind? _requested;
    private DeviceKind? _selected;
    private string _reason = "";
    private Loaded? _cpuDevice;
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
            foreach ((NativeLibraryId id, Loaded loaded) in _loaded.OrderBy(p => p.Key))
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
        Loaded? driver = FindNvidia(NativeLibraryId.Cuda, out string finding);
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

    private bool CountsDevices(Loaded driver, out string finding)
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

    private Loaded Load(NativeLibraryId library)
    {
        if (_loaded.TryGetValue(library, out Loaded? loaded))
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

    private Loaded? FromHook(NativeLibraryId library, DeviceKind device)
        => Hook?.Invoke(library, device) is { } handle && handle != 0 ? new Loaded(handle, "the library given by the program") : null;

    private Loaded? FindNvidia(NativeLibraryId library, out string finding)
    {
        finding = "";
        if (FromHook(library, DeviceKind.Cuda) is { } given)
        {
            return given;
        }
        IReadOnlyList<string> names = LibraryNames.Nvidia(library, environment.Platform, _toolkit);
        var search = new Search(environment);
        Loaded? found = search.InFolders(LibraryFolders.FromUser(environment), names) ?? search.ByName(names);
        if (found is null && library != NativeLibraryId.Cuda)
        {
            found = search.InFolders(LibraryFolders.OfToolkits(environment), names);
        }
        finding = search.Report();
        return found;
    }

    private Loaded FindCpuDevice(NativeLibraryId library)
    {
        IReadOnlyList<string> names = [LibraryNames.CpuDevice(environment.Platform)];
        var search = new Search(environment);
        return search.InFolders([environment.BaseDirectory], names)
            ?? search.InFolders(LibraryFolders.FromUser(environment), names)
            ?? search.ByName(names)
            ?? throw new MissingLibraryException(
                $"The CPU device is to stand in for {LibraryNames.Display(library)}, but {search.Report()}. Build it (cmake -S native -B build/native && "
                + $"cmake --build build/native) and put {names[0]} beside the program, or name its folder in CUDNNNET_LIBRARY_PATH.", library);
    }

    private MissingFunctionException MissingFunction(NativeLibraryId library, string name)
    {
        Loaded loaded;
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
    private static string FileOf(Loaded loaded)
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

    /// <summary>Tries files one after the other and remembers what became of each.</summary>
    private sealed class Search(LibraryEnvironment environment)
    {
        private readonly List<string> _failures = [];
        private readonly List<string> _notFound = [];
        private readonly List<string> _emptyFolders = [];

        public Loaded? InFolders(IEnumerable<string> folders, IReadOnlyList<string> names)
        {
            foreach (string folder in folders)
            {
                bool any = false;
                foreach (string name in names)
                {
                    string path = Path.Combine(folder, name);
                    if (environment.FileExists(path))
                    {
                        any = true;
                        if (Try(path) is { } found)
                        {
                            return found;
                        }
                    }
                }
                if (!any)
                {
                    _emptyFolders.Add(folder);
                }
            }
            return null;
        }

        public Loaded? ByName(IReadOnlyList<string> names)
        {
            foreach (string name in names)
            {
                if (Try(name) is { } found)
                {
                    return found;
                }
            }
            return null;
        }

        public string Report()
        {
            var text = new StringBuilder();
            if (_notFound.Count > 0)
            {
                text.AppendJoin(" and ", _notFound).Append(_notFound.Count == 1 ? " was" : " were").Append(" not found by the system's loader");
                if (_emptyFolders.Count > 0)
                {
                    text.Append(", nor in ").AppendJoin(", ", _emptyFolders);
                }
            }
            foreach (string failure in _failures)
            {
                text.Append(text.Length > 0 ? "; " : "").Append(failure);
            }
            return text.ToString();
        }

        private Loaded? Try(string pathOrName)
        {
            nint handle = environment.Load(pathOrName, out string error);
            if (handle != 0)
            {
                return new Loaded(handle, pathOrName);
            }
            if (error.Length == 0)
            {
                _notFound.Add(pathOrName);
            }
            else
            {
                _failures.Add($"{pathOrName} could not be loaded ({error})");
            }
            return null;
        }
    }
}
