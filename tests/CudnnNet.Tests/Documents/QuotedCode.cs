using Golden;

namespace CudnnNet.Tests;

/// <summary>Pages of docs/ whose C# is that of a test class, word by word: its regions are the page's quotations.</summary>
internal static class QuotedCode
{
    /// <summary>Fails where the page quotes something else than the regions of the source, in their order.</summary>
    /// <param name="page">The name of the page in docs/.</param>
    /// <param name="source">The name of the source beside this one.</param>
    public static void AssertQuoted(string page, string source)
    {
        string? document = RepositoryFolder.Path("docs", page);
        string? code = RepositoryFolder.Path("tests", "CudnnNet.Tests", "Documents", source);
        if (!File.Exists(document) || !File.Exists(code))
        {
            Assert.Ignore("skipped: the page and this source are not at hand outside the repository");
        }

        Assert.That(Quotations(File.ReadAllLines(document!)), Is.EqualTo(Regions(File.ReadAllLines(code!))));
    }

    private static List<string> Quotations(string[] lines)
    {
        List<string> found = [];
        List<string>? open = null;
        foreach (string line in lines)
        {
            if (line == "```csharp")
            {
                open = [];
            }
            else if (line == "```" && open is not null)
            {
                found.Add(string.Join('\n', open));
                open = null;
            }
            else
            {
                open?.Add(line);
            }
        }

        return found;
    }

    private static List<string> Regions(string[] lines)
    {
        List<string> found = [];
        List<string>? open = null;
        foreach (string line in lines)
        {
            string text = line.Trim();
            if (text.StartsWith("#region ", StringComparison.Ordinal))
            {
                open = [];
            }
            else if (text == "#endregion")
            {
                found.Add(string.Join('\n', open!));
                open = null;
            }
            else
            {
                // Two levels of indentation belong to the class.
                open?.Add(line.Length > 8 ? line[8..] : "");
            }
        }

        return found;
    }
}
