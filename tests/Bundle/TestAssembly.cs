using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace Bundle;

/// <summary>An assembly of NUnit tests in this process.</summary>
internal sealed class TestAssembly
{
    private readonly NUnitTestAssemblyRunner _runner = new(new DefaultTestAssemblyBuilder());
    private readonly string _name;

    public TestAssembly(string name)
    {
        _name = name;

        // Without the second setting another thread would write the report a little later, and a test that ends the process might not be in it.
        Dictionary<string, object> settings = new() { ["NumberOfTestWorkers"] = 0, ["SynchronousEvents"] = true };
        _ = _runner.Load(Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, name + ".dll")), settings);
    }

    /// <summary>The classes with their tests; tests that run only when they are asked for are asked for by <paramref name="part"/>.</summary>
    /// <param name="part">A part of the full names to be run; null: all.</param>
    public IReadOnlyList<TestClass> Classes(string? part)
    {
        IEnumerable<ITest> leaves = Leaves(_runner.ExploreTests(TestFilter.Empty))
            .Where(test => part is null ? !IsExplicit(test) : test.FullName.Contains(part, StringComparison.OrdinalIgnoreCase));
        return [.. leaves.GroupBy(test => test.ClassName!).Select(group => new TestClass(_name, group.Key, [.. group.Select(test => test.FullName)]))];
    }

    /// <summary>Runs the tests that NUnit's filter lets through.</summary>
    public void Run(string filter, ITestListener listener) => _runner.Run(listener, TestFilter.FromXml(filter));

    private static IEnumerable<ITest> Leaves(ITest test) => test.IsSuite ? test.Tests.SelectMany(Leaves) : [test];

    private static bool IsExplicit(ITest? test) => test is not null && (test.RunState == RunState.Explicit || IsExplicit(test.Parent));
}
