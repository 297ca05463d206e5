using System.Globalization;
using ResNet;

namespace Cifar;

/// <summary>The folder of one run: config.json, metrics.csv, summary.json, last.safetensors, best.safetensors.</summary>
internal sealed class RunFolder
{
    private readonly List<EpochMetrics> _epochs = [];

    private RunFolder(string path) => Folder = path;

    /// <summary>The folder as it was named.</summary>
    public string Folder { get; }

    public string ConfigurationFile => Path.Combine(Folder, "config.json");

    public string MetricsFile => Path.Combine(Folder, "metrics.csv");

    public string SummaryFile => Path.Combine(Folder, "summary.json");

    /// <summary>The state after the latest save; <c>--resume</c> continues from here.</summary>
    public string LastCheckpoint => Path.Combine(Folder, "last.safetensors");

    /// <summary>The state after the epoch with the best test accuracy.</summary>
    public string BestCheckpoint => Path.Combine(Folder, "best.safetensors");

    /// <summary>The completed epochs, oldest first.</summary>
    public IReadOnlyList<EpochMetrics> Epochs => _epochs;

    /// <summary>Makes a new run's folder; one that already holds a run is refused, so that nothing is overwritten.</summary>
    /// <param name="path">The folder; null for runs/time-model.</param>
    /// <param name="model">The model's name.</param>
    /// <exception cref="RunFolderException">It holds a run or cannot be made.</exception>
    public static RunFolder Create(string? path, string model)
    {
        try
        {
            if (path is null)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{DateTime.Now:yyyyMMdd-HHmmss}-{model}");
                path = Path.Combine("runs", name);
                for (int again = 2; Directory.Exists(path); again++)
                {
                    path = Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"{name}-{again}"));
                }
            }

            var folder = new RunFolder(path);
            if (File.Exists(folder.ConfigurationFile) || File.Exists(folder.LastCheckpoint))
            {
                throw new RunFolderException($"{path} already holds a run. Continue it with --resume {path}, or name another folder with --output.");
            }

            Directory.CreateDirectory(path);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{path}: the run folder cannot be made: {e.Message} Name another one with --output.", e);
        }
    }

    /// <summary>Opens the folder of an earlier run to continue or evaluate it.</summary>
    /// <param name="path">The folder, or one of its checkpoints.</param>
    /// <exception cref="RunFolderException">There is no run.</exception>
    public static RunFolder Open(string path)
    {
        if (File.Exists(path))
        {
            path = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        }

        var folder = new RunFolder(path);
        if (!Directory.Exists(path))
        {
            throw new RunFolderException($"the run folder {path} does not exist. Runs lie in ./runs unless --output said otherwise.");
        }

        if (!File.Exists(folder.ConfigurationFile))
        {
            throw new RunFolderException($"{path} holds no config.json, so it is not a run's folder. Runs lie in ./runs unless --output said otherwise.");
        }

        return folder;
    }

    /// <summary>Reads the rows of an earlier run up to the epoch its checkpoint stands at; later ones were never saved and are computed again.</summary>
    /// <param name="completedEpochs">Epochs the checkpoint has completed.</param>
    /// <exception cref="RunFolderException">Rows are missing or damaged.</exception>
    public void ReadMetrics(int completedEpochs)
    {
        _epochs.Clear();
        string[] lines;
        try
        {
            lines = File.Exists(MetricsFile) ? File.ReadAllLines(MetricsFile) : [EpochMetrics.Header];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{MetricsFile}: cannot be read: {e.Message}", e);
        }

        for (int epoch = 1; epoch <= completedEpochs; epoch++)
        {
            if (epoch >= lines.Length || EpochMetrics.FromRow(lines[epoch]) is not { } row || row.Epoch != epoch)
            {
                throw new RunFolderException(
                    $"{MetricsFile}: line {epoch + 1} is not the row of epoch {epoch}, though the checkpoint has completed {completedEpochs}. "
                    + "Restore the file, or start a new run with --output.");
            }

            _epochs.Add(row);
        }
    }

    public void WriteConfiguration(RunConfiguration configuration) => AtomicFile.WriteText(ConfigurationFile, configuration.ToJson());

    public void WriteSummary(RunSummary summary) => AtomicFile.WriteText(SummaryFile, summary.ToJson());

    /// <summary>Adds an epoch's row.</summary>
    public void Add(EpochMetrics metrics, string dataSet)
    {
        _epochs.Add(metrics);
        AtomicFile.WriteText(MetricsFile, string.Join('\n', [EpochMetrics.Header, .. _epochs.Select(e => e.ToRow(dataSet))]) + "\n");
    }
}
