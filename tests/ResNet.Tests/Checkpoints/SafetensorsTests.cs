using System.Text;

namespace ResNet.Tests.Checkpoints;

[TestFixture]
public sealed class SafetensorsTests
{
    private string _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = Directory.CreateTempSubdirectory("safetensors").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void What_is_written_is_read_and_every_byte_stands_where_the_format_wants_it()
    {
        string path = Path.Combine(_folder, "a.safetensors");
        SafetensorsWriter writer = new();
        writer.AddFloats("b", [2, 3], [1, -2.5f, float.NaN, float.PositiveInfinity, 0, float.Epsilon]);
        writer.AddNumber("count", -7);
        writer.AddFloats("empty", [0, 4], []);
        writer.SetMetadata("text \"quoted\"", "é残\n");
        writer.Save(path);

        using (SafetensorsReader reader = new(path))
        {
            Assert.That(reader.Tensors.Keys, Is.EquivalentTo(["b", "count", "empty"]));
            Assert.That(reader.Tensors["b"].Shape, Is.EqualTo([2L, 3]));
            Assert.That(reader.ReadFloats("b"), Is.EqualTo([1, -2.5f, float.NaN, float.PositiveInfinity, 0, float.Epsilon]));
            Assert.That(reader.ReadNumber("count"), Is.EqualTo(-7));
            Assert.That(reader.ReadFloats("empty"), Is.Empty);
            Assert.That(reader.Metadata, Is.EqualTo(new Dictionary<string, string> { ["text \"quoted\""] = "é残\n" }));
        }

        // The tests' own reader, which shares no line with ours.
        global::Golden.SafetensorsFile independent = new(path);
        Assert.That(independent.Floats("b"), Is.EqualTo([1, -2.5f, float.NaN, float.PositiveInfinity, 0, float.Epsilon]));
        Assert.That(BitConverter.ToInt64(independent.Bytes("count")), Is.EqualTo(-7));
        byte[] content = File.ReadAllBytes(path);
        Assert.That(BitConverter.ToInt64(content) % 8, Is.Zero, "the data begin at a multiple of 8");
        Assert.That(Directory.GetFiles(_folder), Is.EqualTo([path]), "no temporary file is left");
    }

    [Test]
    public void Narrow_and_wide_numbers_are_read_as_single_precision()
    {
        string path = Write(
            """{"half":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"brain":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"double":{"dtype":"F64","shape":[],"data_offsets":[8,16]}}""",
            [0x00, 0x3C, 0x00, 0xC0, 0x80, 0x3F, 0x20, 0xC0, .. BitConverter.GetBytes(0.1)]);
        using SafetensorsReader reader = new(path);
        Assert.That(reader.ReadFloats("half"), Is.EqualTo([1f, -2f]));
        Assert.That(reader.ReadFloats("brain"), Is.EqualTo([1f, -2.5f]));
        Assert.That(reader.ReadFloats("double"), Is.EqualTo([0.1f]));
    }

    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "cut off", TestName = "Data cut short")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 12, "the file at", TestName = "Bytes after the last tensor")]
    [TestCase("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "takes 12 bytes", TestName = "Shape and bytes that disagree")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[2,10]}}""", 10, "overlap", TestName = "Tensors that overlap")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "gaps", TestName = "A gap")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}""", 8, "claims the bytes", TestName = "An end before the beginning")]
    [TestCase("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "larger than any file", TestName = "A product that overflows")]
    [TestCase("""{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,8]}}""", 8, "takes 0 bytes", TestName = "No elements for some bytes")]
    [TestCase("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "at least 0", TestName = "A negative extent")]
    [TestCase("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", 8, "whole numbers", TestName = "A broken extent")]
    [TestCase("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "F31", TestName = "An unknown type")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "data_offsets", TestName = "No offsets")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}""", 8, "two data_offsets", TestName = "Three offsets")]
    [TestCase("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "twice", TestName = "One name for two tensors")]
    [TestCase("""{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8, "twice", TestName = "One property twice")]
    [TestCase("""{"__metadata__":{"k":1}}""", 0, "texts", TestName = "Metadata that is no text")]
    [TestCase("""[1]""", 0, "object", TestName = "An array as header")]
    [TestCase("""{"a":""", 0, "JSON", TestName = "Half a header")]
    [TestCase("""{} {}""", 0, "JSON", TestName = "Two headers")]
    [TestCase("", 0, "JSON", TestName = "No header")]
    public void A_damaged_file_is_refused_with_the_reason(string header, int dataBytes, string reason)
    {
        string path = Write(header, new byte[dataBytes]);
        Assert.That(() => new SafetensorsReader(path).Dispose(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(reason).And.Message.Contains(path));
    }

    [TestCase(0UL)]
    [TestCase(7UL)]
    [TestCase(100_000_001UL)]
    [TestCase(ulong.MaxValue)]
    public void An_announced_header_that_cannot_be_is_refused_before_memory_is_taken(ulong announced)
    {
        string path = Path.Combine(_folder, "b.safetensors");
        File.WriteAllBytes(path, announced == 7 ? new byte[5] : BitConverter.GetBytes(announced));
        Assert.That(() => new SafetensorsReader(path).Dispose(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path));
    }

    [Test]
    public void Text_that_is_no_utf8_is_refused()
    {
        byte[] header = [.. "{\""u8, 0xFF, 0xFE, .. "\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}"u8];
        string path = Path.Combine(_folder, "c.safetensors");
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)header.Length), .. header, 0, 0, 0, 0]);
        Assert.That(() => new SafetensorsReader(path).Dispose(), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Any_change_of_a_file_is_read_or_refused_and_nothing_else()
    {
        string path = Path.Combine(_folder, "d.safetensors");
        SafetensorsWriter writer = new();
        writer.AddFloats("layer.weight", [3, 2], [1, 2, 3, 4, 5, 6]);
        writer.AddNumber("layer.count", 3);
        writer.SetMetadata("format", "pt");
        writer.Save(path);
        byte[] good = File.ReadAllBytes(path);
        Random random = new(20);
        int refused = 0;
        for (int round = 0; round < 4000; round++)
        {
            byte[] bad = [.. good];
            int changes = 1 + random.Next(4);
            for (int i = 0; i < changes; i++)
            {
                bad = random.Next(4) switch
                {
                    0 => bad[..random.Next(bad.Length + 1)],
                    1 => [.. bad, .. new byte[random.Next(16)]],
                    2 when bad.Length > 0 => Changed(bad, random.Next(bad.Length), (byte)random.Next(256)),
                    _ when bad.Length > 0 => Changed(bad, random.Next(bad.Length), (byte)"{}[]\",:0123456789-eE\\u"[random.Next(22)]),
                    _ => bad,
                };
            }

            File.WriteAllBytes(path, bad);
            try
            {
                using SafetensorsReader reader = new(path);
                foreach (TensorEntry entry in reader.Tensors.Values)
                {
                    Assert.That(entry.Start + entry.Bytes, Is.LessThanOrEqualTo(bad.Length));
                    if (entry.Type is "F32" or "F64" or "F16" or "BF16")
                    {
                        Assert.That(reader.ReadFloats(entry.Name), Has.Length.EqualTo(entry.Elements));
                    }
                }
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(1000));

        static byte[] Changed(byte[] content, int at, byte value)
        {
            content[at] = value;
            return content;
        }
    }

    [Test]
    public void A_save_that_fails_leaves_the_old_file_and_nothing_beside_it()
    {
        string path = Path.Combine(_folder, "e.safetensors");
        Directory.CreateDirectory(path);
        SafetensorsWriter writer = new();
        writer.AddNumber("n", 1);
        Assert.That(() => writer.Save(path), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That(Directory.GetFileSystemEntries(_folder), Is.EqualTo([path]));
        Assert.That(() => writer.Save(Path.Combine(_folder, "missing", "f.safetensors")), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void A_name_can_be_used_once()
    {
        SafetensorsWriter writer = new();
        writer.AddNumber("n", 1);
        Assert.That(() => writer.AddFloats("n", [1], [1]), Throws.ArgumentException);
        Assert.That(() => writer.AddFloats("m", [2], [1]), Throws.ArgumentException.With.Message.Contains("2 elements"));
    }

    private string Write(string header, byte[] data)
    {
        string path = Path.Combine(_folder, "w.safetensors");
        byte[] json = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
        return path;
    }
}
