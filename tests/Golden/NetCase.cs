using System.Text.Json;

namespace Golden;

/// <summary>What a golden network is built of.</summary>
/// <param name="Name">r18, r34, r50, r20, ...</param>
/// <param name="Block">basic or bottleneck.</param>
/// <param name="Layers">Blocks per stage.</param>
/// <param name="Widths">Width per stage.</param>
/// <param name="Stem">imagenet or cifar.</param>
/// <param name="StemWidth">Channels of the stem.</param>
/// <param name="Shortcut">B (projection where the shape changes), A (subsampling and zero channels, no parameters) or none.</param>
/// <param name="Classes">Classes.</param>
public sealed record NetArchitecture(
    string Name, string Block, IReadOnlyList<int> Layers, IReadOnlyList<int> Widths, string Stem, int StemWidth, string Shortcut, int Classes)
{
    internal static NetArchitecture Read(JsonElement json) => new(
        json.GetProperty("name").GetString()!,
        json.GetProperty("block").GetString()!,
        [.. json.GetProperty("layers").EnumerateArray().Select(value => value.GetInt32())],
        [.. json.GetProperty("widths").EnumerateArray().Select(value => value.GetInt32())],
        json.GetProperty("stem").GetString()!,
        json.GetProperty("stem_width").GetInt32(),
        json.GetProperty("shortcut").GetString()!,
        json.GetProperty("classes").GetInt32());
}

/// <summary>An element of a tensor that is checked by itself.</summary>
/// <param name="Index">Linear index, the tensor in torchvision's order (filters K, C, R, S).</param>
/// <param name="Value">The reference.</param>
public readonly record struct ElementAt(int Index, double Value);

/// <summary>A parameter of a golden network and what is expected of its gradient and its value after one step.</summary>
public sealed class NetParameter
{
    internal NetParameter(string netId, JsonElement json)
    {
        Name = json.GetProperty("name").GetString()!;
        Specification = new TensorSpecification($"{netId}/{Name}",
            [.. json.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())],
            (float)json.GetProperty("bound").GetDouble(), (float)json.GetProperty("offset").GetDouble());
        GradientNorm = json.GetProperty("grad_l2").GetDouble();
        GradientDeviation = Deviation.ReadNumbers(json.GetProperty("grad_dev_l2_rel"));
        GradientMaximum = json.GetProperty("grad_max_abs").GetDouble();
        GradientMaximumDeviation = Deviation.ReadNumbers(json.GetProperty("grad_dev_max"));
        GradientAt = Elements(json.GetProperty("grad_at"));
        Step1Norm = json.GetProperty("step1_l2").GetDouble();
        Step1Deviation = Deviation.ReadNumbers(json.GetProperty("step1_dev_l2_rel"));
        Step1At = Elements(json.GetProperty("step1_at"));
    }

    /// <summary>Torchvision's name.</summary>
    public string Name { get; }

    /// <summary>Shape and initial values, from the formula.</summary>
    public TensorSpecification Specification { get; }

    /// <summary>Torchvision's dimensions.</summary>
    public IReadOnlyList<int> Shape => Specification.Shape;

    /// <summary>The Euclidean norm of the gradient.</summary>
    public double GradientNorm { get; }

    /// <summary>By arithmetic: |gradient - reference| / |reference| of PyTorch, Euclidean norms.</summary>
    public IReadOnlyDictionary<string, double> GradientDeviation { get; }

    /// <summary>The greatest absolute element of the gradient.</summary>
    public double GradientMaximum { get; }

    /// <summary>By arithmetic: PyTorch's greatest distance of an element of the gradient.</summary>
    public IReadOnlyDictionary<string, double> GradientMaximumDeviation { get; }

    /// <summary>Elements of the gradient.</summary>
    public IReadOnlyList<ElementAt> GradientAt { get; }

    /// <summary>The Euclidean norm of the parameter after the first update.</summary>
    public double Step1Norm { get; }

    /// <summary>By arithmetic: PyTorch's relative distance after the first update.</summary>
    public IReadOnlyDictionary<string, double> Step1Deviation { get; }

    /// <summary>Elements of the parameter after the first update.</summary>
    public IReadOnlyList<ElementAt> Step1At { get; }

    /// <summary>Name and shape.</summary>
    public override string ToString() => $"{Name} [{string.Join(", ", Shape)}]";

    private static ElementAt[] Elements(JsonElement json) =>
        [.. json.EnumerateArray().Select(pair => new ElementAt(pair[0].GetInt32(), pair[1].GetDouble()))];
}

/// <summary>The norm of a tensor inside a network: an activation or a running statistic.</summary>
/// <param name="Name">torchvision's name of the layer or statistic.</param>
/// <param name="Shape">N, C, H, W of an activation; null for a running statistic.</param>
/// <param name="Norm">The Euclidean norm.</param>
/// <param name="Sum">The sum of all elements.</param>
/// <param name="Projection">The projection with key "net id/name"; null for a running statistic.</param>
/// <param name="Deviation">By arithmetic: PyTorch's relative distance.</param>
public sealed record TensorNorm(
    string Name, IReadOnlyList<int>? Shape, double Norm, double Sum, double? Projection, IReadOnlyDictionary<string, double> Deviation)
{
    internal static TensorNorm[] ReadAll(JsonElement json) => [.. json.EnumerateArray().Select(entry => new TensorNorm(
        entry.GetProperty("name").GetString()!,
        entry.TryGetProperty("shape", out JsonElement shape) ? [.. shape.EnumerateArray().Select(dimension => dimension.GetInt32())] : null,
        entry.GetProperty("l2").GetDouble(),
        entry.GetProperty("sum").GetDouble(),
        entry.TryGetProperty("proj", out JsonElement projection) ? projection.GetDouble() : null,
        Golden.Deviation.ReadNumbers(entry.GetProperty("dev_l2_rel"))))];
}

/// <summary>Expected logits, and the loss and hits where they are given.</summary>
public sealed class NetResult
{
    private readonly Lazy<SafetensorsFile> _tensors;
    private readonly string _tensor;

    internal NetResult(string netId, JsonElement json, Lazy<SafetensorsFile> tensors)
    {
        JsonElement logits = json.GetProperty("logits");
        _tensors = tensors;
        _tensor = logits.GetProperty("tensor").GetString()!;
        Key = $"{netId}/{_tensor}";
        Shape = [.. logits.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt32())];
        MaximumAbsolute = logits.GetProperty("max_abs").GetDouble();
        LogitsDeviation = Deviation.ReadAll(logits.GetProperty("dev"));
        if (json.TryGetProperty("loss", out JsonElement loss))
        {
            Loss = loss.GetProperty("value").GetDouble();
            LossDeviation = Deviation.ReadNumbers(loss.GetProperty("dev"));
        }

        Top1Correct = json.TryGetProperty("correct_top1", out JsonElement correct) ? correct.GetInt32() : null;
    }

    /// <summary>Network and result.</summary>
    public string Key { get; }

    /// <summary>Images and classes.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The greatest absolute logit.</summary>
    public double MaximumAbsolute { get; }

    /// <summary>PyTorch's own distance of the logits, by arithmetic.</summary>
    public IReadOnlyDictionary<string, Deviation> LogitsDeviation { get; }

    /// <summary>The mean cross entropy; null where it is not given.</summary>
    public double? Loss { get; }

    /// <summary>PyTorch's own distance of the loss, by arithmetic.</summary>
    public IReadOnlyDictionary<string, double> LossDeviation { get; } = new Dictionary<string, double>();

    /// <summary>Images whose greatest logit is their label's; null where it is not given.</summary>
    public int? Top1Correct { get; }

    /// <summary>The expected logits.</summary>
    public float[] Logits() => _tensors.Value.Floats(_tensor);

    /// <summary>Judges logits by the rule for tensors.</summary>
    public Verdict JudgeLogits(ReadOnlySpan<float> got, double factor = GoldenRule.DefaultFactor, string arithmetic = "f32") =>
        GoldenRule.JudgeTensor(Key, Logits(), MaximumAbsolute, LogitsDeviation[arithmetic], got, factor);

    /// <summary>Judges the loss: no further off than k times PyTorch's own distance or the rounding of a float of its size.</summary>
    public Verdict JudgeLoss(double got, double factor = GoldenRule.DefaultFactor, string arithmetic = "f32") =>
        GoldenRule.JudgeNumber($"{Key} loss", got, Loss!.Value, Math.Max(LossDeviation[arithmetic], Math.ScaleB(Math.Abs(Loss.Value), -23)), factor);
}

/// <summary>Ten SGD steps with batches A, B, A, B, ... from fresh parameters.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Momentum">The momentum.</param>
/// <param name="WeightDecay">The weight decay, of every parameter.</param>
/// <param name="Losses">The loss before each update, in float64.</param>
/// <param name="LossesByPrecision">The same run by PyTorch in other arithmetic.</param>
public sealed record SgdRun(
    double LearningRate, double Momentum, double WeightDecay, IReadOnlyList<double> Losses,
    IReadOnlyDictionary<string, IReadOnlyList<double>> LossesByPrecision)
{
    internal static SgdRun Read(JsonElement json) => new(
        json.GetProperty("lr").GetDouble(), json.GetProperty("momentum").GetDouble(), json.GetProperty("weight_decay").GetDouble(),
        Numbers(json.GetProperty("losses")),
        json.GetProperty("losses_by_precision").EnumerateObject().ToDictionary(entry => entry.Name, entry => Numbers(entry.Value)));

    private static IReadOnlyList<double> Numbers(JsonElement json) => [.. json.EnumerateArray().Select(value => value.GetDouble())];
}

/// <summary>A golden case of a whole network: nets/NAME.json.</summary>
public sealed class NetCase
{
    private NetCase(string name)
    {
        Name = name;
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.Require($"nets/{name}.json")));
        JsonElement root = json.RootElement;
        int format = root.GetProperty("format").GetInt32();
        if (format != 1)
        {
            throw new InvalidDataException($"nets/{name}.json has format {format}; this reader knows format 1.");
        }

        Id = root.GetProperty("id").GetString()!;
        string file = root.GetProperty("tensors").GetString()!;
        Lazy<SafetensorsFile> tensors = new(() => new SafetensorsFile(GoldenFolder.Require($"nets/{file}")));
        Architecture = NetArchitecture.Read(root.GetProperty("arch"));
        Batch = root.GetProperty("batch").GetInt32();
        Source = new ImageSource(root.GetProperty("source"));
        ParameterCount = root.GetProperty("parameter_count").GetInt64();
        ForwardMacsPerImage = root.GetProperty("forward_macs_per_image").GetInt64();
        Train = new NetResult(Id, root.GetProperty("train"), tensors);
        Evaluation = new NetResult(Id, root.GetProperty("eval"), tensors);
        EvaluationAfterMomentum = root.TryGetProperty("eval_momentum", out JsonElement momentum) ? new NetResult(Id, momentum, tensors) : null;
        Sgd = SgdRun.Read(root.GetProperty("sgd"));
        ReluFlips = root.GetProperty("relu_flips").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt64());
        Activations = TensorNorm.ReadAll(root.GetProperty("activations"));
        GradientNorm = root.GetProperty("gradient_l2").GetDouble();
        GradientDeviation = Deviation.ReadNumbers(root.GetProperty("gradient_dev_l2_rel"));
        RunningAfterOneStep = TensorNorm.ReadAll(root.GetProperty("running_after_one_step"));
        Parameters = [.. root.GetProperty("parameters").EnumerateArray().Select(parameter => new NetParameter(Id, parameter))];
    }

    /// <summary>The file's name: r18-cifar, r50-imagenet-smooth, ...</summary>
    public string Name { get; }

    /// <summary>The name the parameters' values follow from: net/NAME.</summary>
    public string Id { get; }

    /// <summary>What the network is built of.</summary>
    public NetArchitecture Architecture { get; }

    /// <summary>Images per batch. Batch A is the first of the source, batch B the next.</summary>
    public int Batch { get; }

    /// <summary>Where the images come from.</summary>
    public ImageSource Source { get; }

    /// <summary>The number of trained parameters.</summary>
    public long ParameterCount { get; }

    /// <summary>Multiplications with addition of one forward pass of one image.</summary>
    public long ForwardMacsPerImage { get; }

    /// <summary>Fresh parameters, train mode, batch A.</summary>
    public NetResult Train { get; }

    /// <summary>Fresh parameters, one train-mode pass over A with momentum 1, then eval mode on B.</summary>
    public NetResult Evaluation { get; }

    /// <summary>The same with momentum 0.1.</summary>
    public NetResult? EvaluationAfterMomentum { get; }

    /// <summary>Ten SGD steps.</summary>
    public SgdRun Sgd { get; }

    /// <summary>elements, and by arithmetic how many ReLU outputs have another sign than in float64.</summary>
    public IReadOnlyDictionary<string, long> ReluFlips { get; }

    /// <summary>The outputs of stem, blocks and pool in train mode, to find the first wrong layer.</summary>
    public IReadOnlyList<TensorNorm> Activations { get; }

    /// <summary>The Euclidean norm of the gradient of all parameters.</summary>
    public double GradientNorm { get; }

    /// <summary>By arithmetic: PyTorch's relative distance of the whole gradient.</summary>
    public IReadOnlyDictionary<string, double> GradientDeviation { get; }

    /// <summary>The running statistics after one step in train mode with momentum 0.1.</summary>
    public IReadOnlyList<TensorNorm> RunningAfterOneStep { get; }

    /// <summary>The parameters in torchvision's order.</summary>
    public IReadOnlyList<NetParameter> Parameters { get; }

    /// <summary>True for the nets with almost no ReLU input near zero, whose gradients and trajectories are sharp.</summary>
    public bool IsSmooth => Name.Contains("smooth", StringComparison.Ordinal);

    /// <summary>The names of the networks the golden folder holds; empty where there is none.</summary>
    public static IReadOnlyList<string> Names() =>
        GoldenFolder.Path is null || !Directory.Exists(Path.Combine(GoldenFolder.Path, "nets")) ? []
            : [.. Directory.GetFiles(Path.Combine(GoldenFolder.Path, "nets"), "*.json")
                .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    /// <summary>Reads a network's file.</summary>
    public static NetCase Load(string name) => new(name);

    /// <summary>Batch A and batch B; null where CIFAR-10 is missing or holds other images, <paramref name="reason"/> then says so.</summary>
    public (ImageSet A, ImageSet B)? TryLoadBatches(out string reason)
    {
        ImageSet? images = Source.TryLoad(out reason);
        return images is null ? null : (images.Slice(0, Batch), images.Slice(Batch, Batch));
    }

    /// <summary>Judges a norm: the relative distance may be k times PyTorch's own or the rounding of a float.</summary>
    /// <param name="what">What the norm is of, for the message.</param>
    /// <param name="values">The tensor, in torchvision's order.</param>
    /// <param name="norm">The expected Euclidean norm.</param>
    /// <param name="relativeDeviation">PyTorch's own relative distance.</param>
    /// <param name="factor">k.</param>
    /// <param name="floor">The relative distance that is allowed in any case.</param>
    public Verdict JudgeNorm(
        string what, ReadOnlySpan<float> values, double norm, double relativeDeviation, double factor = GoldenRule.DefaultFactor, double floor = 0)
    {
        double squares = 0;
        foreach (float value in values)
        {
            squares += (double)value * value;
        }

        double allowed = Math.Max(Math.Max(relativeDeviation, Math.ScaleB(1, -25)), floor / factor) * norm;
        return GoldenRule.JudgeNumber($"{Id}/{what} norm", Math.Sqrt(squares), norm, allowed, factor);
    }

    /// <summary>The network's file name.</summary>
    public override string ToString() => Name;
}
