using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Golden;

/// <summary>How a test starts a .NET program that lies beside it.</summary>
public static class ProgramStart
{
    /// <summary>What starts the program of an assembly: its own file where .NET travels with it, else the host of this process's runtime.</summary>
    /// <param name="program">The program's assembly.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ProcessStartInfo Of(Assembly program, params IEnumerable<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(program);
        string name = program.GetName().Name!;
        string file = Path.Combine(AppContext.BaseDirectory, name);
        bool carriesRuntime = File.Exists(Path.Combine(AppContext.BaseDirectory, "libcoreclr.so"));
        return carriesRuntime ? new ProcessStartInfo(file, arguments) : new ProcessStartInfo(Host(), ["exec", $"{file}.dll", .. arguments]);
    }

    private static string Host()
    {
        string beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }
}
