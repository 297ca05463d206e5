using Spectre.Console;

namespace Cifar;

/// <summary>Chooses the display that suits where the output goes.</summary>
internal static class Displays
{
    /// <summary>The live view at a terminal that can move its cursor, plain lines elsewhere or on request.</summary>
    public static ITrainingDisplay Choose(TextWriter output, bool plain)
    {
        bool terminal = !plain && output == Console.Out && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        return terminal ? new LiveDisplay(AnsiConsole.Console) : new PlainDisplay(output);
    }
}
