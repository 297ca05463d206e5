using System.Globalization;
using System.Text;
using ResNet;
using ScottPlot;

namespace Bench;

/// <summary>The growth measurement as a page: a table, and a picture of speed and memory for each series.</summary>
internal static class GrowthDocument
{
    private const int Width = 1200;
    private const int Height = 400;

    public static void Write(string folder, string command, IReadOnlyList<GrowthPoint> points)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder();
        text.AppendLine("# How the cost of training grows").AppendLine();
        text.AppendLine("ResNet-18, batch 128 and all processors, except where the table says otherwise; written by").AppendLine("```");
        text.AppendLine(CultureInfo.InvariantCulture, $"dotnet run -c Release --project {command}").AppendLine("```");
        text.AppendLine(CultureInfo.InvariantCulture, $"on a machine with {Environment.ProcessorCount} processors. Times depend on what else the machine did; the share of oneDNN's direct convolutions was measured in turn with them. The memory is all the training takes, with one batch of random images as its data.").AppendLine();
        text.AppendLine("| varied | value | ms a step | images a second | device memory, MiB | direct convolutions / step |").AppendLine("|---|---:|---:|---:|---:|---:|");
        foreach (GrowthPoint point in points)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {point.Series} | {point.Value} | {point.StepMilliseconds:0.0} | {point.ImagesPerSecond:0} | {point.PeakBytes / 1048576.0:0.0} | {point.DirectShare:0.0 %} |");
        }

        text.AppendLine().AppendLine("![Images a second and memory over batch, depth and threads](growth.png)");
        Draw(Path.Combine(folder, "growth.png"), points);
        AtomicFile.WriteText(Path.Combine(folder, "growth.md"), text.ToString());
    }

    private static void Draw(string path, IReadOnlyList<GrowthPoint> points)
    {
        var figure = new Multiplot();
        string[] series = [.. points.Select(point => point.Series).Distinct()];
        figure.AddPlots(series.Length);
        figure.Layout = new ScottPlot.MultiplotLayouts.Columns();
        for (int i = 0; i < series.Length; i++)
        {
            Plot plot = figure.GetPlot(i);
            GrowthPoint[] own = [.. points.Where(point => point.Series == series[i])];
            double[] values = [.. own.Select(point => (double)point.Value)];
            var speed = plot.Add.Scatter(values, [.. own.Select(point => point.ImagesPerSecond)]);
            speed.LegendText = "images a second";
            var memory = plot.Add.Scatter(values, [.. own.Select(point => point.PeakBytes / 1048576.0)]);
            memory.LegendText = "memory, MiB";
            memory.Axes.YAxis = plot.Axes.Right;
            plot.XLabel(series[i]);
            plot.Axes.Left.Label.Text = "images a second";
            plot.Axes.Right.Label.Text = "MiB";
            plot.Axes.SetLimitsY(0, 1.1 * own.Max(point => point.ImagesPerSecond));
            plot.Axes.SetLimitsY(0, 1.1 * own.Max(point => point.PeakBytes / 1048576.0), plot.Axes.Right);
            plot.ShowLegend(Edge.Bottom);
        }

        figure.SavePng(path, Width, Height);
    }
}
