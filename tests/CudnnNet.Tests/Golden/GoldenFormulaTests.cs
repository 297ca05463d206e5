using Golden;

namespace CudnnNet.Tests;

/// <summary>The reader of the golden values, against the test vectors of their description and against itself.</summary>
public class GoldenFormulaTests
{
    [TestCase("a", 0, 0xaf63dc4c8601ec8cUL, 0x5f29c2aadd9b8527UL, 6236610, 1.0, 0.0, 0xbe8358f8U)]
    [TestCase("a", 1, 0xaf63dc4c8601ec8cUL, 0xff84f1bdb6d3884fUL, 16745713, 1.0, 0.0, 0x3f7f09e2U)]
    [TestCase("a", 2, 0xaf63dc4c8601ec8cUL, 0xfdfab147e960346eUL, 16644785, 1.0, 0.0, 0x3f7bf562U)]
    [TestCase("conv/k3_p1/x", 0, 0x9c36ca9e368cb107UL, 0xe6d50e8712a06384UL, 15127822, 1.0, 0.0, 0x3f4daa1cU)]
    [TestCase("conv/k3_p1/x", 1007, 0x9c36ca9e368cb107UL, 0x26693680c43fd7b9UL, 2517302, 1.0, 0.0, 0xbf332d94U)]
    [TestCase("net/r18-cifar/conv1.weight", 0, 0x3e16047cdefe03bcUL, 0xd7b1c0aeeeaa3f0bUL, 14135744, 0.10206207633018494, 0.0, 0x3d8f344aU)]
    [TestCase("net/r18-cifar/conv1.weight", 1727, 0x3e16047cdefe03bcUL, 0x3a1347f0c21a9048UL, 3806023, 0.10206207633018494, 0.0, 0xbd645f84U)]
    [TestCase("net/r18-cifar/bn1.weight", 63, 0xa00e344d962132eaUL, 0x82fe6eb0ef0198d1UL, 8584814, 0.10000000149011612, 1.0, 0x3f804ca5U)]
    [TestCase("net/r18-cifar/bn1.bias", 5, 0xc8afd069e73a1c37UL, 0x70aa70651648823bUL, 7383664, 0.10000000149011612, 0.0, 0xbc444733U)]
    [TestCase("net/r18-cifar/fc.weight", 5119, 0xd1b05a6b380eb238UL, 0x48dd81650d1be51cUL, 4775297, 0.04419417306780815, 0.0, 0xbc9bf1d3U)]
    [TestCase("é残", 7, 0xdd784b10b933e2aeUL, 0x19b0ff162830422bUL, 1683711, 2.5, -0.75, 0xc02fe2c1U)]
    [TestCase("a", 4999999, 0xaf63dc4c8601ec8cUL, 0x132e842e03f7ef87UL, 1257092, 1.0, 0.0, 0xbf59a2f8U)]
    public void An_element_follows_from_name_and_index(
        string name, long index, ulong seed, ulong hash, int draw, double bound, double offset, uint bits)
    {
        float value = new TensorSpecification(name, [1], (float)bound, (float)offset).Values(index, 1)[0];
        Assert.Multiple(() =>
        {
            Assert.That(Formula.Seed(name), Is.EqualTo(seed));
            Assert.That(Formula.Hash(seed, index), Is.EqualTo(hash));
            Assert.That(Formula.Draw(seed, index), Is.EqualTo(draw));
            Assert.That(BitConverter.SingleToUInt32Bits(value), Is.EqualTo(bits));
        });
    }

    [Test]
    public void A_part_of_a_tensor_equals_the_same_part_of_the_whole()
    {
        var specification = new TensorSpecification("net/any", [7, 11, 13], 0.3f, 1);
        Assert.That(specification.Values(500, 200), Is.EqualTo(specification.Values()[500..700]));
    }

    [TestCase(0x3f808000U, 0x3f80U, TestName = "A tie goes down to even")]
    [TestCase(0x3f818000U, 0x3f82U, TestName = "A tie goes up to even")]
    [TestCase(0x3f808001U, 0x3f81U, TestName = "Above the middle goes up")]
    [TestCase(0x7f7fffffU, 0x7f80U, TestName = "The greatest float becomes infinite")]
    [TestCase(0x80000000U, 0x8000U, TestName = "Minus zero stays")]
    public void BFloat16_rounds_to_nearest_even(uint bits, uint expected) =>
        Assert.That(NarrowType.ToBFloat16Bits(BitConverter.UInt32BitsToSingle(bits)), Is.EqualTo(expected));

    [Test]
    public void Reordering_there_and_back_changes_nothing()
    {
        float[] values = new TensorSpecification("order", [2, 3, 5, 7], 1).Values();
        float[] nhwc = TensorOrder.ToNhwc<float>(values, 2, 3, 5, 7);
        Assert.Multiple(() =>
        {
            Assert.That(nhwc[1], Is.EqualTo(values[35]), "the second channel of the first pixel");
            Assert.That(TensorOrder.ToNchw<float>(nhwc, 2, 3, 5, 7), Is.EqualTo(values));
        });
    }

    [Test]
    public void The_samples_stand_where_the_formula_says()
    {
        LayerCase sampled = Cases("conv", "geometry").First(layer => layer.Outputs.Values.Any(output => output.Store == OutputStore.Sampled));
        ExpectedOutput expected = sampled.Outputs.Values.First(output => output.Store == OutputStore.Sampled);
        ulong seed = Formula.Seed(expected.Key + "#index");
        int[] indices = expected.Indices();
        Assert.That(indices, Is.EqualTo(Enumerable.Range(0, indices.Length).Select(sample => (int)Formula.SampleIndex(seed, sample, expected.Size))));
    }

    [Test]
    public void Every_full_output_of_every_layer_file_can_be_read_and_passes_against_itself()
    {
        foreach (LayerCase layer in Cases("conv", "geometry", "pooling", "norm", "activation", "softmax", "tensor", "gemm", "loss", "optim"))
        {
            foreach (ExpectedOutput expected in layer.Outputs.Values.Where(output => output.Store == OutputStore.Full))
            {
                Verdict verdict = GoldenRule.Judge(expected, expected.Values());
                Assert.That(verdict.Passed, verdict.Message);
            }
        }
    }

    [Test]
    public void One_wrong_element_fails_and_is_named()
    {
        ExpectedOutput expected = Cases("conv").First().Outputs["y"];
        float[] values = expected.Values();
        values[17] += 0.01f;
        Verdict verdict = GoldenRule.Judge(expected, values);
        Assert.Multiple(() =>
        {
            Assert.That(verdict.Passed, Is.False);
            Assert.That(verdict.Message, Does.Contain("element 17").And.Contain(expected.Key));
        });
    }

    [Test]
    public void An_element_that_is_not_a_number_fails()
    {
        ExpectedOutput expected = Cases("conv").First().Outputs["y"];
        float[] values = expected.Values();
        values[3] = float.NaN;
        Verdict verdict = GoldenRule.Judge(expected, values);
        Assert.Multiple(() =>
        {
            Assert.That(verdict.Passed, Is.False);
            Assert.That(verdict.Message, Does.Contain("element 3"));
        });
    }

    [Test]
    public void The_networks_have_as_many_parameters_as_they_say()
    {
        if (NetCase.Names().Count == 0)
        {
            Assert.Ignore(GoldenFolder.Message);
        }

        foreach (string name in NetCase.Names())
        {
            NetCase net = NetCase.Load(name);
            Assert.Multiple(() =>
            {
                Assert.That(net.Parameters.Sum(parameter => (long)parameter.Specification.Size), Is.EqualTo(net.ParameterCount), name);
                Assert.That(net.Train.JudgeLogits(net.Train.Logits()).Passed, name);
            });
        }
    }

    [Test]
    public void The_images_of_CIFAR_10_are_those_the_networks_were_run_on()
    {
        string? name = NetCase.Names().FirstOrDefault(name => !NetCase.Load(name).Source.IsFormula);
        if (name is null)
        {
            Assert.Ignore("The golden folder holds no network that needs CIFAR-10. " + GoldenFolder.Message);
        }

        (ImageSet A, ImageSet B)? batches = NetCase.Load(name!).TryLoadBatches(out string reason);
        if (batches is null)
        {
            Assert.Ignore(reason);
        }

        Assert.Multiple(() =>
        {
            Assert.That(batches!.Value.A.Labels, Has.All.InRange(0, 9));
            Assert.That(batches.Value.B.Images, Has.All.InRange(-3f, 3f));
        });
    }

    private static IEnumerable<LayerCase> Cases(params string[] files)
    {
        if (GoldenFolder.Path is null)
        {
            Assert.Ignore(GoldenFolder.Message);
        }

        return LayerFile.CasesOf(files);
    }
}
