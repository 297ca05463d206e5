namespace Cifar.Tests;

/// <summary>Writes files in the published layouts, with images a network can tell apart: every class has its own brightness pattern.</summary>
internal static class CifarFiles
{
    public const int Record10 = 3073;
    public const int Record100 = 3074;

    public static readonly string[] Names10 = ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"];

    /// <summary>A folder with all six files of CIFAR-10, each of the given number of records.</summary>
    public static void WriteCifar10(string folder, int records)
    {
        Directory.CreateDirectory(folder);
        for (int file = 0; file < Names10.Length; file++)
        {
            File.WriteAllBytes(Path.Combine(folder, Names10[file]), Records(records, labelBytes: 1, classes: 10, seed: file));
        }
    }

    /// <summary>A folder with both files of CIFAR-100.</summary>
    public static void WriteCifar100(string folder, int trainRecords, int testRecords)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "train.bin"), Records(trainRecords, labelBytes: 2, classes: 100, seed: 1));
        File.WriteAllBytes(Path.Combine(folder, "test.bin"), Records(testRecords, labelBytes: 2, classes: 100, seed: 2));
    }

    public static byte[] Records(int records, int labelBytes, int classes, int seed)
    {
        var random = new Random(seed);
        byte[] content = new byte[records * (labelBytes + 3072)];
        for (int record = 0; record < records; record++)
        {
            var bytes = content.AsSpan(record * (labelBytes + 3072), labelBytes + 3072);
            int label = record % classes;
            random.NextBytes(bytes);
            if (labelBytes == 2)
            {
                bytes[0] = (byte)(label / 5);
            }

            bytes[labelBytes - 1] = (byte)label;
            int bright = label * 3072 / classes;
            bytes.Slice(labelBytes + bright, 3072 / classes).Fill(255);
        }

        return content;
    }
}
