using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cifar;

/// <summary>A view that keeps its place in the terminal: how far the training is, its figures now, the epochs so far.</summary>
internal sealed class LiveDisplay(IAnsiConsole console) : ITrainingDisplay
{
    private const int EpochRows = 10;
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(250);

    private readonly List<(EpochMetrics Metrics, bool Best)> _epochs = [];
    private readonly List<string> _notes = [];
    private RunFacts? _facts;
    private LiveDisplayContext? _context;
    private StepFigures? _step;
    private int _testing;
    private long _shown;

    /// <inheritdoc/>
    public int Run(Func<int> training)
    {
        int result = ExitCode.Failed;
        console.Live(new Text("preparing the network and the device ...")).AutoClear(false).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Top).Start(context =>
        {
            _context = context;
            result = training();
            _step = null;
            Refresh();
        });
        _context = null;
        return result;
    }

    /// <inheritdoc/>
    public void Begin(RunFacts facts)
    {
        _facts = facts;
        Refresh();
    }

    /// <inheritdoc/>
    public bool Wants(long iteration) => Stopwatch.GetElapsedTime(_shown) >= s_interval;

    /// <inheritdoc/>
    public void Step(in StepFigures figures)
    {
        _step = figures;
        Refresh();
    }

    /// <inheritdoc/>
    public void Testing(int epoch)
    {
        _testing = epoch;
        Refresh();
    }

    /// <inheritdoc/>
    public void Epoch(EpochMetrics metrics, bool best)
    {
        _testing = 0;
        _epochs.Add((metrics, best));
        Refresh();
    }

    /// <inheritdoc/>
    public void Note(string text)
    {
        _notes.Add(text);
        if (_context is null)
        {
            console.WriteLine(text);
        }
        else
        {
            Refresh();
        }
    }

    private void Refresh()
    {
        _shown = Stopwatch.GetTimestamp();
        _context?.UpdateTarget(View());
    }

    private Rows View()
    {
        var parts = new List<IRenderable>();
        if (_facts is { } facts)
        {
            if (facts.Data.IsEmbedded)
            {
                parts.Add(new Panel(new Text(DigitsNotice.Text)) { Header = new PanelHeader($" {DigitsNotice.Title} "), Border = BoxBorder.Heavy, BorderStyle = new Style(Color.Yellow), Expand = true });
            }

            parts.Add(new Text(string.Join('\n', facts.Lines), new Style(Color.Grey)));
        }

        if (_epochs.Count > 0)
        {
            parts.Add(EpochTable());
        }

        if (_step is { } step)
        {
            parts.Add(Now(step));
        }

        parts.AddRange(_notes.Select(note => new Text(note)));
        return new Rows(parts);
    }

    private Table EpochTable()
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (string heading in new[] { "epoch", "learning rate", "train loss", "train accuracy", "test loss", "test accuracy", "images/s", "seconds" })
        {
            table.AddColumn(new TableColumn(heading).RightAligned());
        }

        foreach (var (metrics, best) in _epochs.TakeLast(EpochRows))
        {
            static Text Cell(FormattableString value, Style? style = default) => new(value.ToString(CultureInfo.InvariantCulture), style ?? Style.Plain);
            table.AddRow(
                Cell($"{metrics.Epoch}"), Cell($"{metrics.LearningRate:G4}"), Cell($"{metrics.TrainLoss:F4}"), Cell($"{metrics.TrainAccuracy:P2}"),
                Cell($"{metrics.TestLoss:F4}"), Cell($"{metrics.TestAccuracy:P2}", best ? new Style(Color.Green, decoration: Decoration.Bold) : Style.Plain),
                Cell($"{metrics.ImagesPerSecond:F0}"), Cell($"{metrics.Seconds:F1}"));
        }

        return table;
    }

    private Panel Now(StepFigures step)
    {
        int epochs = _facts?.Recipe.Epochs ?? step.Epoch;
        double epochShare = (double)step.Step / step.StepsPerEpoch;
        double runShare = (step.Epoch - 1 + epochShare) / epochs;
        string state = _testing == step.Epoch ? "testing" : string.Create(CultureInfo.InvariantCulture, $"step {step.Step}/{step.StepsPerEpoch}");
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn());
        grid.AddRow(new Text(string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{epochs}")), Bar(epochShare), new Text(state));
        grid.AddRow(new Text("run"), Bar(runShare), new Text($"{Duration(step.TimeLeft)} left"));
        var figures = new Text(string.Create(
            CultureInfo.InvariantCulture,
            $"loss {step.EpochLoss:F4}   accuracy {step.EpochAccuracy:P2}   {step.ImagesPerSecond:F0} images/s   learning rate {step.LearningRate:G4}"));
        return new Panel(new Rows(grid, figures)) { Border = BoxBorder.Rounded, BorderStyle = new Style(Color.Blue), Header = new PanelHeader(" Ctrl-C saves and stops ") };
    }

    private static Paragraph Bar(double share)
    {
        const int Width = 40;
        int full = (int)Math.Round(Math.Clamp(share, 0, 1) * Width);
        return new Paragraph().Append(new string('━', full), new Style(Color.Green)).Append(new string('─', Width - full), new Style(Color.Grey));
    }

    /// <summary>Hours, minutes and seconds, as a clock shows them.</summary>
    internal static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
