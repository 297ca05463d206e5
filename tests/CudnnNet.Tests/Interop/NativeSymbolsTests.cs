namespace CudnnNet.Tests;

public sealed class NativeSymbolsTests
{
    [Test]
    public void A_symbol_tells_the_first_and_the_last_version_that_has_it()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NativeSymbols.Find(NativeLibraryId.Cuda, "cuMemAlloc_v2"), Is.EqualTo(new NativeSymbol(NativeLibraryId.Cuda, "cuMemAlloc_v2", "12.0", null, true)));
            Assert.That(NativeSymbols.Find(NativeLibraryId.Cuda, "cuMemAlloc"), Is.Not.Null, "a name that starts another one");
            Assert.That(NativeSymbols.Find(NativeLibraryId.Cuda, "cuMemAll"), Is.Null);
        }
    }

    [Test]
    public void Every_version_named_in_the_table_was_compared([Values] NativeLibraryId library)
    {
        IReadOnlyList<string> versions = NativeSymbols.ComparedVersions(library);
        Assert.That(NativeSymbols.Of(library).SelectMany(s => new[] { s.Since, s.Until ?? s.Since }).Distinct(), Is.SubsetOf(versions));
    }
}
