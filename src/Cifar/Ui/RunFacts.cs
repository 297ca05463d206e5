using ResNet;

namespace Cifar;

/// <summary>What a display says about a run before it begins.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Data">The data set.</param>
/// <param name="Device">The kind of device: <c>cuda</c> or <c>cpu</c>.</param>
/// <param name="DeviceName">Its own name.</param>
/// <param name="Fusion">By which of cuDNN's doors operations are computed, where it has them there.</param>
/// <param name="Folder">The run folder.</param>
/// <param name="Parameters">The number of learnt parameters.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
internal sealed record RunFacts(Recipe Recipe, DataSet Data, string Device, string DeviceName, string Fusion, string Folder, long Parameters, int StepsPerEpoch)
{
    /// <summary>The lines above the training, most important first.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            yield return FormattableString.Invariant($"model   {Recipe.Model}, {Recipe.Stem} stem, {Recipe.Shortcut} shortcuts, {Parameters:N0} parameters, {Data.Classes} classes");
            yield return FormattableString.Invariant($"data    {Data.Name}: {Data.Train.Count:N0} training and {Data.Test.Count:N0} test images of {Data.Height}x{Data.Width} pixels");
            if (!Data.IsEmbedded)
            {
                // Where the digits come from stands in the notice above.
                yield return $"        {Data.Source}";
            }

            yield return NormalizationLine(Data.Normalization);
            yield return FormattableString.Invariant($"recipe  {Counted(Recipe.Epochs, "epoch")} of {Counted(StepsPerEpoch, "step")}, batch {Recipe.BatchSize}, SGD momentum {Recipe.Momentum}, weight decay {Recipe.WeightDecay}, learning rate {Recipe.LearningRate} ({Recipe.Schedule}), seed {Recipe.Seed}");
            yield return $"        images {(Recipe.Augmentation.IsNone ? "as they are" : Changes(Recipe.Augmentation))}; {Recipe.Math} math{(Recipe.Deterministic ? ", deterministic" : "")}{(Recipe.Algorithms == "measure" ? ", measured algorithms" : "")}";
            yield return $"device  {Device}: {DeviceName}, {Recipe.Precision}, fusion {Fusion}";
            yield return $"output  {Folder}";
        }
    }

    /// <summary>A number with its noun: 1 epoch, 2 epochs.</summary>
    internal static string Counted(int count, string noun) => FormattableString.Invariant($"{count} {noun}{(count == 1 ? "" : "s")}");

    private static string Changes(Augmentation changes) => string.Join(
        ", ",
        new[]
        {
            changes.Padding > 0 ? FormattableString.Invariant($"shifted by up to {changes.Padding} pixels") : "",
            changes.Mirrors ? "mirrored half the time" : "",
            changes.Cutout > 0 ? FormattableString.Invariant($"with a square of {changes.Cutout} pixels cut out") : "",
        }.Where(text => text.Length > 0));

    private static string NormalizationLine(Normalization normalization)
    {
        static string List(IReadOnlyList<float> values) => values.Distinct().Count() == 1
            ? FormattableString.Invariant($"{values[0]}")
            : "(" + string.Join(' ', values.Select(v => FormattableString.Invariant($"{v}"))) + ")";
        return FormattableString.Invariant($"        pixels enter as (pixel / {normalization.PixelMaximum} - {List(normalization.Mean)}) / {List(normalization.Deviation)}");
    }
}
