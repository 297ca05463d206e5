using System.Text.Json;
using CudnnNet.Interop;
using Golden;

namespace CudnnNet.Tests;

/// <summary><c>cuGetProcAddress</c> against the facts: every name, in every version, for both kinds of default stream.</summary>
public sealed unsafe class EntryPointTests
{
    private sealed record EntryPoint(string Name, bool PerThread, int Version, string Symbol);

    [TestCase(0u, false)]
    [TestCase(1u, false)]
    [TestCase(2u, true)]
    public void Every_name_is_answered_with_the_symbol_of_the_programs_version(uint flags, bool perThread)
    {
        Requires.TheCpuDevice("addresses are compared with those of the CPU device");
        EntryPoint[] facts = ReadFacts();
        int[] versions = [.. facts.Select(fact => fact.Version).Distinct().Order()];
        List<string> wrong = [];
        int asked = 0;
        foreach (IGrouping<string, EntryPoint> name in facts.GroupBy(fact => fact.Name))
        {
            // A version before all of them, and one behind, too.
            foreach (int version in versions.Prepend(1000).Append(99000))
            {
                string? expected = Newest(name, version, perThread) ?? Newest(name, version, perThread: false);
                nint address = RawDevice.EntryPoint(name.Key, version, flags, out CUdriverProcAddressQueryResult result);
                asked++;
                bool right = expected is null
                    ? address == 0 && result == CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                    : address == CpuDevice.Export(expected) && result == CUdriverProcAddressQueryResult.CU_GET_PROC_ADDRESS_SUCCESS;
                if (!right)
                {
                    wrong.Add($"{name.Key} in {version}: {result}, not {expected ?? "nothing"}");
                }
            }
        }

        using (Assert.EnterMultipleScope())
        {
            Assert.That(wrong, Is.Empty);
            Assert.That(asked, Is.GreaterThan(10_000));
        }
    }

    private static string? Newest(IEnumerable<EntryPoint> facts, int version, bool perThread)
        => facts.Where(fact => fact.PerThread == perThread && fact.Version <= version).MaxBy(fact => fact.Version)?.Symbol;

    private static EntryPoint[] ReadFacts()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(RepositoryFolder.Path("native", "abi", "driver.json")!));
        return
        [
            .. from fact in document.RootElement.GetProperty("entry_points").EnumerateArray()
               from entry in fact.GetProperty("entries").EnumerateObject()
               select new EntryPoint(
                   fact.GetProperty("api").GetString()!,
                   fact.TryGetProperty("variant", out _),
                   int.Parse(entry.Name, System.Globalization.CultureInfo.InvariantCulture),
                   entry.Value.GetString()!),
        ];
    }
}
