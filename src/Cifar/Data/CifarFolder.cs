namespace Cifar;

/// <summary>Reads the binary versions of CIFAR-10 and CIFAR-100 as they are published.</summary>
internal static class CifarFolder
{
    private const string DownloadPage = "https://www.cs.toronto.edu/~kriz/cifar.html";

    private static readonly CifarFiles s_cifar10 = new(
        RecordLayout.Cifar10, "cifar-10-batches-bin",
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"], 10_000, "test_batch.bin", 10_000);

    private static readonly CifarFiles s_cifar100 = new(
        RecordLayout.Cifar100, "cifar-100-binary", ["train.bin"], 50_000, "test.bin", 10_000);

    private static readonly CifarFiles[] s_known = [s_cifar10, s_cifar100];

    /// <summary>Reads the data set which lies in a folder, or in the folder the published archive unpacks to within it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="classes">10 or 100 to choose where both data sets are there; null to take the only one.</param>
    /// <param name="allowSubset">Whether files with fewer (or more) whole records than published are welcome.</param>
    /// <exception cref="DataException">No data set, both, a missing, cut or damaged file.</exception>
    public static DataSet Load(string folder, int? classes = null, bool allowSubset = false)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataException(
                File.Exists(folder)
                    ? $"{folder} is a file; --data wants the folder that holds the unpacked batch files. {HowToGetData}"
                    : $"the data folder {folder} does not exist. {HowToGetData}");
        }

        var found = Find(folder, classes);
        return found.Count switch
        {
            1 => Load(found[0].Files, found[0].Folder, allowSubset),
            0 => throw NothingFound(folder, classes),
            _ => throw new DataException(
                $"{folder} holds {string.Join(" and ", found.Select(f => $"{f.Files.Layout.Name} ({f.Folder})"))}. "
                + "Say which: name the folder itself with --data, or give --classes 10 or --classes 100."),
        };
    }

    /// <summary>Whether a folder holds at least one file of a known data set.</summary>
    public static bool Holds(string folder, int? classes = null) => Directory.Exists(folder) && Find(folder, classes).Count > 0;

    private static List<(CifarFiles Files, string Folder)> Find(string folder, int? classes)
    {
        var found = new List<(CifarFiles, string)>();
        foreach (var files in s_known)
        {
            if (classes is { } wanted && wanted != files.Layout.Classes)
            {
                continue;
            }

            foreach (string candidate in new[] { folder, Path.Combine(folder, files.ArchiveFolder) })
            {
                if (files.All.Any(name => File.Exists(Path.Combine(candidate, name))))
                {
                    found.Add((files, candidate));
                    break;
                }
            }
        }

        return found;
    }

    private static DataSet Load(CifarFiles files, string folder, bool allowSubset)
    {
        string[] missing = [.. files.All.Where(name => !File.Exists(Path.Combine(folder, name)))];
        if (missing.Length > 0)
        {
            throw new DataException(
                $"{folder}: {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing; "
                + $"{files.Layout.Name} consists of {string.Join(", ", files.All)}. Unpack the archive again, completely.",
                Path.Combine(folder, missing[0]));
        }

        // Sizes first: a wrong one is known at once, before hundreds of megabytes are read.
        int[] counts = [.. files.Train.Select(name => Count(files, folder, name, files.TrainRecords, allowSubset))];
        int testCount = Count(files, folder, files.Test, files.TestRecords, allowSubset);
        return new DataSet
        {
            Name = files.Layout.Name,
            Source = folder,
            Folder = Path.GetFullPath(folder),
            Classes = files.Layout.Classes,
            Height = 32,
            Width = 32,
            Normalization = Normalization.Cifar,
            Train = Read(files.Layout, folder, files.Train, counts),
            Test = Read(files.Layout, folder, [files.Test], [testCount]),
        };
    }

    private static int Count(CifarFiles files, string folder, string name, int published, bool allowSubset)
    {
        string path = Path.Combine(folder, name);
        var layout = files.Layout;
        long length = new FileInfo(path).Length;
        long records = length / layout.RecordBytes;
        long expected = (long)published * layout.RecordBytes;
        if (length == expected || (allowSubset && length > 0 && length % layout.RecordBytes == 0 && length < int.MaxValue))
        {
            return (int)records;
        }

        string remedy = length % layout.RecordBytes == 0 && length is > 0 and < int.MaxValue
            ? $"These are {records:N0} whole records; if you want to use a part of {layout.Name}, say --allow-subset. Otherwise download or unpack it again."
            : "Download or unpack it again.";
        string what = length < expected
            ? $"the file ends at offset {length:N0}" + (length % layout.RecordBytes == 0 ? "" : $" in the middle of record {records:N0}")
            : $"the file goes on after offset {expected:N0}, up to {length:N0}";
        throw new DataException(
            $"{path}: {what}; {layout.Name}'s {name} has {published:N0} records of {layout.RecordBytes:N0} bytes, {expected:N0} bytes in all. {remedy}",
            path, Math.Min(length, expected));
    }

    private static ImageSet Read(RecordLayout layout, string folder, string[] names, int[] counts)
    {
        int total = counts.Sum();
        long bytes = (long)total * layout.Pixels;
        if (bytes > Array.MaxLength)
        {
            throw new DataException($"{folder}: {total:N0} images take {bytes:N0} bytes, more than the {Array.MaxLength:N0} this program can hold at once. Use fewer.");
        }

        byte[] images = new byte[bytes];
        byte[] labels = new byte[total];
        int first = 0;
        for (int i = 0; i < names.Length; i++)
        {
            string path = Path.Combine(folder, names[i]);
            byte[] content;
            try
            {
                content = File.ReadAllBytes(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new DataException($"{path}: cannot be read: {e.Message}", path, inner: e);
            }

            if (content.Length != (long)counts[i] * layout.RecordBytes)
            {
                throw new DataException($"{path}: the file changed while it was being read. Try again when nothing writes to it.", path);
            }

            layout.Split(path, content, images.AsSpan(first * layout.Pixels, counts[i] * layout.Pixels), labels.AsSpan(first, counts[i]));
            first += counts[i];
        }

        return new ImageSet(images, labels);
    }

    private static DataException NothingFound(string folder, int? classes)
    {
        string[] entries = [.. Directory.EnumerateFileSystemEntries(folder).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal)];
        string? archive = entries.FirstOrDefault(e => e is "cifar-10-binary.tar.gz" or "cifar-100-binary.tar.gz");
        if (archive is not null)
        {
            return new DataException($"{folder} holds the archive {archive}, not yet unpacked. Unpack it: tar -xzf {Path.Combine(folder, archive)} -C {folder}");
        }

        if (entries.Any(e => e is "data_batch_1" or "cifar-10-batches-py" or "cifar-100-python" || e.EndsWith("-python.tar.gz", StringComparison.Ordinal)))
        {
            return new DataException($"{folder} holds the Python version of CIFAR; this program reads the binary version. {HowToGetData}");
        }

        string other = classes is { } wanted && Find(folder, null) is [var only, ..]
            ? $"no data set with {wanted} classes, but {only.Files.Layout.Name}; leave --classes away or name another folder"
            : entries.Length == 0 ? "nothing" : $"none of the batch files ({string.Join(", ", entries.Take(5))}{(entries.Length > 5 ? ", ..." : "")})";
        return new DataException($"{folder} holds {other}. {HowToGetData}");
    }

    private static string HowToGetData =>
        $"CIFAR-10 is data_batch_1.bin to data_batch_5.bin and test_batch.bin, CIFAR-100 is train.bin and test.bin: the binary versions from {DownloadPage}. "
        + "Without --data the program trains on the digits it carries.";

    private sealed record CifarFiles(RecordLayout Layout, string ArchiveFolder, string[] Train, int TrainRecords, string Test, int TestRecords)
    {
        public IEnumerable<string> All => [.. Train, Test];
    }
}
