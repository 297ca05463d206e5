using System.Globalization;

namespace Cifar.Tests;

public class CifarFolderTests
{
    [Test]
    public void Cifar_10_is_recognised_by_its_files_and_read_in_their_order()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 20);

        var data = CifarFolder.Load(folder.Path, allowSubset: true);

        Assert.That((data.Name, data.Classes, data.Height, data.Width, data.IsEmbedded), Is.EqualTo(("CIFAR-10", 10, 32, 32, false)));
        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((100, 20)));
        byte[] third = File.ReadAllBytes(folder["data_batch_3.bin"]);
        Assert.That(data.Train.Images.AsSpan(47 * 3072, 3072).SequenceEqual(third.AsSpan((7 * CifarFiles.Record10) + 1, 3072)), "record 7 of the third file is image 47");
        Assert.That(data.Train.Labels[47], Is.EqualTo(third[7 * CifarFiles.Record10]));
    }

    [Test]
    public void Cifar_100_is_recognised_by_its_files_and_labelled_by_the_fine_label()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar100(folder["cifar-100-binary"], trainRecords: 200, testRecords: 100);

        var data = CifarFolder.Load(folder.Path, allowSubset: true);

        Assert.That((data.Name, data.Classes, data.Train.Count, data.Test.Count), Is.EqualTo(("CIFAR-100", 100, 200, 100)));
        Assert.That(data.Train.Labels[77], Is.EqualTo(77));
        byte[] file = File.ReadAllBytes(Path.Combine(folder.Path, "cifar-100-binary", "train.bin"));
        Assert.That(data.Train.Images.AsSpan(77 * 3072, 3072).SequenceEqual(file.AsSpan((77 * CifarFiles.Record100) + 2, 3072)));
    }

    [Test]
    public void The_published_sizes_need_no_permission()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 10_000);
        var data = CifarFolder.Load(folder.Path);
        Assert.That((data.Train.Count, data.Test.Count), Is.EqualTo((50_000, 10_000)));
    }

    [Test]
    public void A_file_cut_within_a_record_is_named_with_the_offset_of_its_end()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 20);
        Truncate(folder["data_batch_4.bin"], 5000);

        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path, allowSubset: true));

        Assert.That(error!.File, Is.EqualTo(folder["data_batch_4.bin"]));
        Assert.That(error.Offset, Is.EqualTo(5000));
        Assert.That(error.Message, Does.Contain("data_batch_4.bin").And.Contains("offset 5,000").And.Contains("in the middle of record 1").And.Contains("again"));
    }

    [Test]
    public void A_file_cut_between_records_is_an_error_too_unless_a_subset_is_allowed()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 20);
        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path));
        Assert.That(error!.Message, Does.Contain("data_batch_1.bin").And.Contains("10,000 records").And.Contains("--allow-subset"));
        Assert.That(error.Offset, Is.EqualTo(20 * CifarFiles.Record10));
    }

    [Test]
    public void A_file_that_goes_on_too_long_is_named_with_the_offset_where_it_should_have_ended()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 1);
        using (var file = File.OpenWrite(folder["data_batch_1.bin"]))
        {
            file.SetLength(30_730_001);
        }

        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path));
        Assert.That(error!.Offset, Is.EqualTo(30_730_000));
        Assert.That(error.Message, Does.Contain("after offset 30,730,000"));
    }

    [TestCase("data_batch_2.bin", 3 * CifarFiles.Record10, (byte)10)]
    [TestCase("test_batch.bin", 19 * CifarFiles.Record10, (byte)255)]
    public void A_wrong_label_is_named_with_file_offset_and_value(string name, int offset, byte label)
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 20);
        Overwrite(folder[name], offset, label);

        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path, allowSubset: true));

        Assert.That(error!.File, Is.EqualTo(folder[name]));
        Assert.That(error.Offset, Is.EqualTo(offset));
        Assert.That(error.Message, Does.Contain(offset.ToString("N0", CultureInfo.InvariantCulture)).And.Contains($"is {label}").And.Contains("0 to 9"));
    }

    [TestCase(0, (byte)20, "coarse label")]
    [TestCase(1, (byte)100, "fine label")]
    public void Both_labels_of_Cifar_100_are_checked(int labelByte, byte value, string words)
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar100(folder.Path, 10, 10);
        Overwrite(folder["train.bin"], (5 * CifarFiles.Record100) + labelByte, value);
        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path, allowSubset: true));
        Assert.That(error!.Offset, Is.EqualTo((5 * CifarFiles.Record100) + labelByte));
        Assert.That(error.Message, Does.Contain(words));
    }

    [Test]
    public void A_missing_batch_is_named()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder.Path, records: 20);
        File.Delete(folder["data_batch_5.bin"]);
        var error = Assert.Throws<DataException>(() => CifarFolder.Load(folder.Path, allowSubset: true));
        Assert.That(error!.Message, Does.Contain("data_batch_5.bin is missing"));
    }

    [Test]
    public void A_folder_with_both_data_sets_asks_which_one()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder["cifar-10-batches-bin"], 10);
        CifarFiles.WriteCifar100(folder["cifar-100-binary"], 10, 10);
        Assert.That(() => CifarFolder.Load(folder.Path, allowSubset: true), Throws.TypeOf<DataException>().With.Message.Contains("--classes 10 or --classes 100"));
        Assert.That(CifarFolder.Load(folder.Path, classes: 100, allowSubset: true).Name, Is.EqualTo("CIFAR-100"));
        Assert.That(CifarFolder.Load(folder.Path, classes: 10, allowSubset: true).Name, Is.EqualTo("CIFAR-10"));
    }

    [Test]
    public void A_folder_without_data_says_what_is_there_and_what_should_be()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => CifarFolder.Load(folder.Path), Throws.TypeOf<DataException>().With.Message.Contains("holds nothing").And.Message.Contains("data_batch_1.bin"));
        File.WriteAllText(folder["notes.txt"], "");
        Assert.That(() => CifarFolder.Load(folder.Path), Throws.TypeOf<DataException>().With.Message.Contains("notes.txt"));
        File.WriteAllText(folder["cifar-10-binary.tar.gz"], "");
        Assert.That(() => CifarFolder.Load(folder.Path), Throws.TypeOf<DataException>().With.Message.Contains("tar -xzf"));
        Assert.That(() => CifarFolder.Load(folder["nowhere"]), Throws.TypeOf<DataException>().With.Message.Contains("does not exist"));
    }

    [Test]
    public void Mutated_files_are_either_read_or_refused_with_file_and_offset()
    {
        using var folder = new TemporaryFolder();
        CifarFiles.WriteCifar10(folder["ten"], records: 3);
        CifarFiles.WriteCifar100(folder["hundred"], 3, 3);
        var random = new Random(20261124);
        int read = 0, refused = 0;
        for (int round = 0; round < 600; round++)
        {
            string kind = round % 2 == 0 ? "ten" : "hundred";
            string[] names = [.. Directory.GetFiles(folder[kind])];
            string path = names[random.Next(names.Length)];
            byte[] original = File.ReadAllBytes(path);
            byte[] mutated = Mutate(original, random);
            File.WriteAllBytes(path, mutated);
            try
            {
                var data = CifarFolder.Load(folder[kind], allowSubset: true);
                Assert.That(data.Train.Labels.Concat(data.Test.Labels).All(label => label < data.Classes));
                Assert.That(data.Train.Images, Has.Length.EqualTo(data.Train.Count * 3072));
                read++;
            }
            catch (DataException e)
            {
                Assert.That(e.File, Is.EqualTo(path));
                Assert.That(e.Offset, Is.InRange(0, Math.Max(mutated.Length, 50_000 * CifarFiles.Record100)));
                Assert.That(e.Message, Does.Contain(Path.GetFileName(path)).And.Contains("offset"));
                refused++;
            }

            File.WriteAllBytes(path, original);
        }

        Assert.That((read, refused), Is.EqualTo((read, 600 - read)));
        Assert.That(read, Is.GreaterThan(50));
        Assert.That(refused, Is.GreaterThan(50));
    }

    /// <summary>Cuts, extends, flips a few bits, or puts random bytes in place of labels.</summary>
    internal static byte[] Mutate(byte[] original, Random random)
    {
        byte[] content = (byte[])original.Clone();
        switch (random.Next(5))
        {
            case 0:
                return content[..random.Next(content.Length + 1)];
            case 1:
                Array.Resize(ref content, content.Length + random.Next(1, 5000));
                return content;
            case 2:
                int record = content.Length / 3;
                content[random.Next(3) * record] = (byte)random.Next(256);
                return content;
            default:
                for (int flips = random.Next(1, 20); flips > 0; flips--)
                {
                    content[random.Next(content.Length)] ^= (byte)(1 << random.Next(8));
                }

                return content;
        }
    }

    private static void Truncate(string path, long length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length);
    }

    private static void Overwrite(string path, long offset, byte value)
    {
        using var file = File.OpenWrite(path);
        file.Position = offset;
        file.WriteByte(value);
    }
}
