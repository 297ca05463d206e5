using System.Security;

namespace Bundle;

/// <summary>The tests of one class that are to be run.</summary>
/// <param name="Assembly">The name of the assembly.</param>
/// <param name="Name">The full name of the class.</param>
/// <param name="Tests">The full names of the tests.</param>
internal sealed record TestClass(string Assembly, string Name, IReadOnlyList<string> Tests)
{
    /// <summary>NUnit's filter for the tests but some. By their names, which also runs those that run only when they are asked for.</summary>
    public string Filter(IReadOnlyCollection<string> without)
        => $"<filter><or>{string.Concat(Tests.Except(without).Select(test => $"<test>{SecurityElement.Escape(test)}</test>"))}</or></filter>";
}
