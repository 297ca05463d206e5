using System.Globalization;
using Conformance;

// The child of FamilyRun: runs the cases of a file from a given one on and writes a line before and after each.
if (args.Length != 3)
{
    Console.Error.WriteLine("usage: Conformance CASES.json FIRST-CASE REPORT");
    return 2;
}

IReadOnlyList<ConformanceCase> cases = ConformanceCase.Load(args[0]);
var runner = new CaseRunner(FunctionSignature.LoadAll(Path.Combine(Path.GetDirectoryName(args[0])!, "abi.json")));
using var report = new StreamWriter(args[2], append: true) { AutoFlush = true };
for (int i = int.Parse(args[1], CultureInfo.InvariantCulture); i < cases.Count; i++)
{
    report.WriteLine(i.ToString(CultureInfo.InvariantCulture));
    report.WriteLine(runner.Run(i, cases[i]).ToLine());
}

return 0;
