using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace CudnnNet.Tests;

/// <summary>A machine on which exactly the named files can be loaded; every one of them exports the driver's functions for counting devices.</summary>
internal sealed unsafe class FakeMachine(params string[] files) : LibraryEnvironment
{
    private readonly Dictionary<string, string> _variables = [];

    // The functions are static, so what they answer is too; the tests that use this class run one after the other.
    private static int s_devices;
    private static int s_status;
    private static int s_version;

    public Platform System { get; init; } = Platform.Linux;

    public int Devices { get; init; } = 2;

    public int InitialisationStatus { get; init; }

    /// <summary>For a file that is a link, what it is in the end.</summary>
    public Dictionary<string, string> Links { get; init; } = [];

    /// <summary>The files that were loaded, in this order.</summary>
    public List<string> Log { get; } = [];

    /// <summary>For a file, the one that must be in the process before it.</summary>
    public Dictionary<string, string> Needs { get; init; } = [];

    public int DriverVersion { get; init; } = 13000;

    public string this[string variable]
    {
        init => _variables[variable] = value;
    }

    public override Platform Platform => System;

    public override string BaseDirectory => "/app";

    public override string? Variable(string name) => _variables.GetValueOrDefault(name);

    public override bool FileExists(string path) => files.Contains(path);

    public override bool FolderExists(string path) => files.Any(f => f.StartsWith(path + "/", StringComparison.Ordinal));

    public override IEnumerable<string> Files(string folder, string pattern) => files
        .Where(f => f.StartsWith(folder + "/", StringComparison.Ordinal) && FileSystemName.MatchesSimpleExpression(pattern, f.AsSpan(folder.Length + 1)));

    public override string FinalTarget(string path) => Links.GetValueOrDefault(path, path);

    public override IEnumerable<string> Folders(string parent, string pattern) => files
        .Where(f => f.StartsWith(parent + "/", StringComparison.Ordinal))
        .Select(f => f[(parent.Length + 1)..].Split('/')[0])
        .Where(name => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false))
        .Select(name => parent + "/" + name).Distinct();

    public override nint Load(string pathOrName, out string error)
    {
        int index = Array.IndexOf(files, pathOrName);
        error = "";
        if (Needs.TryGetValue(pathOrName, out string? needed) && !Log.Contains(needed))
        {
            error = $"{needed} is missing";
            return 0;
        }
        if (index >= 0)
        {
            Log.Add(pathOrName);
        }
        return index + 1;
    }

    public override nint Export(nint library, string symbol)
    {
        s_devices = Devices;
        s_status = InitialisationStatus;
        s_version = DriverVersion;
        return symbol switch
        {
            "cuInit" => (nint)(delegate* unmanaged<uint, int>)&Initialise,
            "cuDeviceGetCount" => (nint)(delegate* unmanaged<int*, int>)&Count,
            "cuDriverGetVersion" => (nint)(delegate* unmanaged<int*, int>)&Version,
            _ => 0,
        };
    }

    public string NameOf(nint handle) => files[handle - 1];

    [UnmanagedCallersOnly]
    private static int Initialise(uint flags) => s_status;

    [UnmanagedCallersOnly]
    private static int Count(int* count)
    {
        *count = s_devices;
        return 0;
    }

    [UnmanagedCallersOnly]
    private static int Version(int* version)
    {
        *version = s_version;
        return 0;
    }
}
