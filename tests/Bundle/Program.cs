using Bundle;

const string usage = """
    usage: run-tests [--filter TEXT]

    Runs all tests that meet a device, each class in a process of its own, and prints "N passed, N failed, N skipped".
    The environment variable CUDNNNET_DEVICE says which device: cuda, cpu or auto.

      --filter TEXT   only tests with this text in their full name
    """;

switch (args)
{
    case [ChildRun.Verb, string assembly, string filter, string report]:
        return ChildRun.Execute(assembly, filter, report);
    case []:
        return new AllTests(Console.Out).Run(null);
    case ["--filter", string part]:
        return new AllTests(Console.Out).Run(part);
    case ["--help" or "-h"]:
        Console.WriteLine(usage);
        return 0;
    default:
        Console.Error.WriteLine($"unknown arguments: {string.Join(' ', args)}\n\n{usage}");
        return 2;
}
