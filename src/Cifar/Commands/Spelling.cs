using System.CommandLine;

namespace Cifar;

/// <summary>Turns the parser's complaints into messages that offer the nearest known word.</summary>
internal static class Spelling
{
    /// <summary>One message for each thing that is wrong with a command line.</summary>
    public static IEnumerable<string> Explain(ParseResult parsed)
    {
        string[] unknown = [.. parsed.UnmatchedTokens];
        var command = parsed.CommandResult.Command;
        string[] known = [.. command.Options.Select(o => o.Name), .. command.Subcommands.Select(c => c.Name)];
        string where = command is RootCommand ? "resnet" : $"resnet {command.Name}";
        foreach (string word in unknown)
        {
            bool option = word.StartsWith('-');
            if (!option && command is not RootCommand && unknown.Any(w => w.StartsWith('-')))
            {
                // The value of an option already complained about.
                continue;
            }

            string kind = option ? "option" : command is RootCommand ? "command" : "argument";
            string? nearest = known.Where(k => k.StartsWith('-') == option).Select(k => (Word: k, Distance: Distance(word, k)))
                .Where(k => k.Distance <= 3).OrderBy(k => k.Distance).Select(k => k.Word).FirstOrDefault();
            string offer = nearest is not null ? $"; did you mean {nearest}?"
                : kind == "argument" ? "."
                : $"; {where} knows {string.Join(", ", known.Where(k => k.StartsWith('-') == option))}.";
            yield return $"unknown {kind} {word}{offer}";
        }

        foreach (var problem in parsed.Errors)
        {
            // An unknown command is explained above; that one is required follows from it.
            if (unknown.Length == 0 || (command is not RootCommand && !unknown.Any(word => problem.Message.Contains($"'{word}'", StringComparison.Ordinal))))
            {
                yield return problem.Message;
            }
        }
    }

    /// <summary>The number of letters to insert, remove or replace (Levenshtein, 1966).</summary>
    internal static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
