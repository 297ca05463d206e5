using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Cifar;

/// <summary>Options whose messages say what was given, what is allowed and what is known.</summary>
internal static class OptionParts
{
    /// <summary>An option that takes one of a few words; an unknown one is answered with the known.</summary>
    public static Option<string?> Word(string name, string what, string description, params IEnumerable<string> known)
    {
        string[] words = [.. known];
        var option = new Option<string?>(name)
        {
            Description = $"{description} ({string.Join(", ", words)})",
            HelpName = what.Replace(' ', '-'),
            CustomParser = result => Among(result, what, words),
        };
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes a whole number within bounds.</summary>
    public static Option<int?> Whole(string name, string description, int minimum, int maximum = int.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "n",
        CustomParser = result =>
        {
            string text = Text(result);
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= minimum && value <= maximum)
            {
                return value;
            }

            string bounds = maximum == int.MaxValue ? $"{minimum} or more" : $"{minimum} to {maximum}";
            result.AddError($"{name} {text}: a whole number, {bounds}, is needed.");
            return null;
        },
    };

    /// <summary>An option that takes a number within bounds.</summary>
    public static Option<double?> Fraction(string name, string description, double minimum, double maximum, bool minimumAllowed) => new(name)
    {
        Description = description,
        HelpName = "x",
        CustomParser = result =>
        {
            string text = Text(result);
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && double.IsFinite(value) && value <= maximum && (minimumAllowed ? value >= minimum : value > minimum))
            {
                return value;
            }

            string lower = minimumAllowed ? FormattableString.Invariant($"from {minimum}") : FormattableString.Invariant($"above {minimum}");
            result.AddError(FormattableString.Invariant($"{name} {text}: a number {lower} up to {maximum} is needed, written like 0.1 or 5e-4."));
            return null;
        },
    };

    /// <summary>An option that takes a text as it is, unless it is empty, as a shell's variable that was never set.</summary>
    public static Option<string?> Plain(string name, string what, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = what };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
            {
                result.AddError($"{name} \"\": a {what} is needed, an empty text was given.");
            }
        });
        return option;
    }

    /// <summary>Whether the command line gives an option a certain word; also where the value of another is wrong, which has its own error.</summary>
    public static bool Says(CommandResult result, Option<string?> option, string word) => result.GetResult(option) is { } said && said.Tokens.Any(token => token.Value == word);

    private static string? Among(ArgumentResult result, string what, string[] words)
    {
        string text = Text(result);
        if (words.Contains(text, StringComparer.Ordinal))
        {
            return text;
        }

        result.AddError($"unknown {what} \"{text}\"; known are {string.Join(", ", words)}.");
        return null;
    }

    private static string Text(ArgumentResult result) => result.Tokens.Count == 0 ? "" : result.Tokens[^1].Value;
}
