using System.Diagnostics;
using System.Security.Cryptography;

namespace Golden;

/// <summary>
/// The CIFAR-10 images some golden cases were made from: a folder given by CIFAR_DIR, else shared/cifar10 beside the repository. Either
/// holds the .bin files, or a folder cifar-10-batches-bin, or cifar-10-batches-bin.tar.zst, which is then unpacked once into build/cache
/// of the repository (or the temporary folder).
/// </summary>
public static class CifarArchive
{
    /// <summary>Bytes of one record: a label and the 3 x 32 x 32 pixels of an image, planes red, green, blue.</summary>
    public const int RecordBytes = 3073;

    private const string FolderName = "cifar-10-batches-bin";
    private static readonly Lazy<(string? Folder, string Message)> Found = new(Search);

    /// <summary>The folder with data_batch_1.bin .. test_batch.bin, or null: then <see cref="Message"/> says why.</summary>
    public static string? Path => Found.Value.Folder;

    /// <summary>Where the images were found, or why there are none.</summary>
    public static string Message => Found.Value.Message;

    /// <summary>
    /// Reads <paramref name="count"/> records of a file and compares their SHA-256.
    /// Null where the images are missing or are others; <paramref name="reason"/> then says so.
    /// </summary>
    public static byte[]? TryRead(string file, int first, int count, string sha256, out string reason)
    {
        if (Path is null)
        {
            reason = Message;
            return null;
        }

        string path = System.IO.Path.Combine(Path, file);
        if (!File.Exists(path))
        {
            reason = $"{path} does not exist.";
            return null;
        }

        var records = new byte[count * RecordBytes];
        using (FileStream stream = File.OpenRead(path))
        {
            stream.Position = (long)first * RecordBytes;
            int read = stream.ReadAtLeast(records, records.Length, throwOnEndOfStream: false);
            if (read < records.Length)
            {
                reason = $"{path} ends inside record {first + (read / RecordBytes)}.";
                return null;
            }
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(records));
        if (hash != sha256)
        {
            reason = $"records {first}..{first + count - 1} of {path} are other images (SHA-256 {hash}, the golden values were made from {sha256}).";
            return null;
        }

        reason = "";
        return records;
    }

    private static (string? Folder, string Message) Search()
    {
        string? given = Environment.GetEnvironmentVariable("CIFAR_DIR");
        string? place = string.IsNullOrEmpty(given) ? RepositoryFolder.Path("..", "shared", "cifar10") : given;
        if (place is null || !Directory.Exists(place))
        {
            return (null, string.IsNullOrEmpty(given)
                ? $"There are no CIFAR-10 images: CIFAR_DIR is not set and {place ?? "shared/cifar10 beside the repository"} does not exist."
                : $"There are no CIFAR-10 images: CIFAR_DIR is '{given}', which does not exist.");
        }

        foreach (string folder in (string[])[place, System.IO.Path.Combine(place, FolderName)])
        {
            if (File.Exists(System.IO.Path.Combine(folder, "data_batch_1.bin")))
            {
                return (folder, $"CIFAR-10: {folder}");
            }
        }

        string archive = System.IO.Path.Combine(place, FolderName + ".tar.zst");
        return File.Exists(archive)
            ? Unpack(archive)
            : (null, $"There are no CIFAR-10 images: {place} holds neither data_batch_1.bin nor {FolderName} nor {FolderName}.tar.zst.");
    }

    private static (string? Folder, string Message) Unpack(string archive)
    {
        string cache = RepositoryFolder.Path("build", "cache") ?? System.IO.Path.GetTempPath();
        string target = System.IO.Path.Combine(cache, $"cifar10-{new FileInfo(archive).Length}");
        string unpacked = System.IO.Path.Combine(target, FolderName);
        if (Directory.Exists(unpacked))
        {
            return (unpacked, $"CIFAR-10: {unpacked}");
        }

        // Several test processes may arrive here at once: each unpacks into a folder of its own, one of them moves it into place.
        string working = $"{target}.{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(working);
            string? failure = Tar(archive, working);
            if (failure is not null)
            {
                return (null, $"{archive} cannot be unpacked: {failure}. Where zstd is missing: apt-get install zstd.");
            }

            Directory.CreateDirectory(target);
            try
            {
                Directory.Move(System.IO.Path.Combine(working, FolderName), unpacked);
            }
            catch (IOException) when (Directory.Exists(unpacked))
            {
                // Another process was faster.
            }

            return (unpacked, $"CIFAR-10: {unpacked} (unpacked from {archive})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"{archive} cannot be unpacked into {target}: {exception.Message}");
        }
        finally
        {
            if (Directory.Exists(working))
            {
                Directory.Delete(working, recursive: true);
            }
        }
    }

    private static string? Tar(string archive, string folder)
    {
        try
        {
            var start = new ProcessStartInfo("tar", ["--zstd", "-xf", archive, "-C", folder])
            {
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using Process process = Process.Start(start)!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"tar ended with {process.ExitCode}: {errors.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            return $"tar does not start: {exception.Message}";
        }
    }
}
