using Golden;
using ResNet.Tests.Golden;

namespace ResNet.Tests.Reference;

/// <summary>The reference in double precision against PyTorch's in double precision: the same numbers to the last digits.</summary>
[TestFixture]
public sealed class ReferenceNetworkTests
{
    // Sums in another order: 1e-16 a term, and the second loss of a net passes it through an update.
    private const double Tolerance = 1e-11;

    // Gradients' single values and logits are stored with fewer digits.
    private const double StoredTolerance = 1e-7;

    private NetCase _net = null!;
    private ReferenceNetwork _reference = null!;
    private (ImageSet A, ImageSet B) _batches;

    // Both blocks, both stems, shortcuts with and without parameters and none.
    [TestCase("r20b-smooth-formula")]
    [TestCase("r18-imagenet-formula")]
    [TestCase("r20-formula")]
    [TestCase("plain20")]
    [TestCase("r50-imagenet")]
    public void The_reference_is_PyTorchs_in_double_precision(string name)
    {
        (_net, _batches.A, _batches.B) = GoldenNets.LoadOrSkip(name);
        _reference = new ReferenceNetwork(_net);
        Assert.Multiple(() =>
        {
            CheckTraining();
            CheckEvaluation();
        });
    }

    private void CheckTraining()
    {
        double[] logits = _reference.Forward(_batches.A, training: true);
        CheckLogits(logits, _net.Train);
        Assert.That(_reference.Loss, Is.EqualTo(_net.Train.Loss!.Value).Within(Tolerance));
        _reference.Backward();
        double squares = 0;
        foreach (NetParameter parameter in _net.Parameters)
        {
            double[] gradient = _reference.Gradients[parameter.Name];
            squares += gradient.Sum(value => value * value);
            foreach (ElementAt element in parameter.GradientAt)
            {
                Assert.That(gradient[element.Index], Is.EqualTo(element.Value).Within((StoredTolerance * parameter.GradientMaximum) + Tolerance), parameter.Name);
            }
        }

        Assert.That(Math.Sqrt(squares), Is.EqualTo(_net.GradientNorm).Within(Tolerance * _net.GradientNorm));
        _reference.Update(_net.Sgd.LearningRate, _net.Sgd.Momentum, _net.Sgd.WeightDecay);
        _reference.Forward(_batches.B, training: true);
        Assert.That(_reference.Loss, Is.EqualTo(_net.Sgd.Losses[1]).Within(Tolerance));
    }

    private void CheckEvaluation()
    {
        ReferenceNetwork reference = new(_net);
        reference.Forward(_batches.A, training: true, runningFactor: 1);
        CheckLogits(reference.Forward(_batches.B, training: false), _net.Evaluation);
        Assert.That(reference.Loss, Is.EqualTo(_net.Evaluation.Loss!.Value).Within(Tolerance));
    }

    private static void CheckLogits(double[] got, NetResult expected) =>
        Assert.That(got, Is.EqualTo(Array.ConvertAll(expected.Logits(), value => (double)value)).AsCollection.Within(StoredTolerance * expected.MaximumAbsolute), expected.Key);
}
