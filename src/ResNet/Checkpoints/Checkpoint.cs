using CudnnNet;

namespace ResNet;

/// <summary>Networks and trainings in safetensors files.</summary>
/// <remarks>
/// <para>Parameters, running statistics and <c>num_batches_tracked</c> stand under torchvision's names, so that
/// <c>model.load_state_dict(safetensors.torch.load_file(path), strict=False)</c> takes them; the momentum of parameter NAME stands under
/// <c>momentum.NAME</c>, where the training stands in the texts <c>training.KEY</c>, and the caller's notes in <c>note.KEY</c>.</para>
/// <para>Reading also understands kuangliu's names (<c>shortcut.0</c> for <c>downsample.0</c>, <c>linear</c> for <c>fc</c>), a <c>module.</c>
/// before every name, as PyTorch's DataParallel leaves it, and tensors of BF16, F16 and F64. A load takes effect as a whole or not at all.</para>
/// </remarks>
public static class Checkpoint
{
    private const string MomentumPrefix = "momentum.";
    private const string ProgressPrefix = "training.";
    private const string NotePrefix = "note.";

    /// <summary>Writes everything a training needs to continue from here, replacing the file as a whole. Waits for the steps started.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="path">The file.</param>
    /// <param name="notes">Texts to keep in the file.</param>
    /// <exception cref="IOException">It cannot be written; an older file of that name is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written, likewise.</exception>
    public static void Save(Trainer trainer, string path, IReadOnlyDictionary<string, string> notes)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(notes);
        SafetensorsWriter writer = new();
        AddNetwork(writer, trainer.Stream, trainer.Network, trainer.Buffers, trainer.TotalSteps);
        foreach (Parameter parameter in trainer.Network.Layout.Parameters)
        {
            writer.AddFloats(MomentumPrefix + parameter.Name, parameter.Shape, ParameterTransfer.Read(trainer.Stream, trainer.Buffers.Momentum, parameter));
        }

        foreach ((string key, string text) in trainer.Progress())
        {
            writer.SetMetadata(ProgressPrefix + key, text);
        }

        foreach ((string key, string text) in notes)
        {
            writer.SetMetadata(NotePrefix + key, text);
        }

        writer.Save(path);
    }

    /// <summary>Continues the training a <see cref="Save"/> wrote: the next step is the one that would have come then.</summary>
    /// <param name="trainer">A training of the same network on the same data, with the same batch size.</param>
    /// <param name="path">The file.</param>
    /// <returns>The notes kept in it.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, holds another network, or no training; the trainer is as it was.</exception>
    public static IReadOnlyDictionary<string, string> Load(Trainer trainer, string path)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        using SafetensorsReader reader = new(path);
        LoadedNetwork loaded = ReadNetwork(reader, trainer.Network);
        float[][] momentum = [.. trainer.Network.Layout.Parameters.Select(p => ReadTensor(reader, MomentumPrefix + p.Name, MomentumPrefix + p.Name, p.Shape))];
        try
        {
            // Checks everything before it changes anything.
            trainer.Restore(TextsUnder(reader, ProgressPrefix));
        }
        catch (FormatException exception)
        {
            throw new InvalidDataException($"{path} is not a state this training can continue from: {exception.Message}", exception);
        }

        loaded.Write(trainer.Stream, trainer.Buffers);
        foreach ((Parameter parameter, float[] values) in trainer.Network.Layout.Parameters.Zip(momentum))
        {
            ParameterTransfer.Write(trainer.Stream, trainer.Buffers.Momentum, parameter, values);
        }

        return TextsUnder(reader, NotePrefix);
    }

    /// <summary>Writes parameters and running statistics alone.</summary>
    /// <param name="stream">A stream of the network's device; it is waited for.</param>
    /// <param name="network">The network.</param>
    /// <param name="buffers">What it has learnt.</param>
    /// <param name="batchesTracked">How many batches the running statistics have seen.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be written; an older file of that name is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written, likewise.</exception>
    public static void SaveNetwork(CudaStream stream, Network network, NetworkBuffers buffers, long batchesTracked, string path)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(buffers);
        SafetensorsWriter writer = new();
        AddNetwork(writer, stream, network, buffers, batchesTracked);
        writer.Save(path);
    }

    /// <summary>Takes parameters and running statistics from a file of ours, torchvision's or kuangliu's; momentum is left alone.</summary>
    /// <param name="stream">A stream of the network's device; it is waited for.</param>
    /// <param name="network">The network.</param>
    /// <param name="buffers">Receives them.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged or holds another network; the buffers are as they were.</exception>
    public static void LoadNetwork(CudaStream stream, Network network, NetworkBuffers buffers, string path)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(buffers);
        using SafetensorsReader reader = new(path);
        ReadNetwork(reader, network).Write(stream, buffers);
    }

    private static void AddNetwork(SafetensorsWriter writer, CudaStream stream, Network network, NetworkBuffers buffers, long batchesTracked)
    {
        // What Hugging Face's tools look for to know the names are PyTorch's.
        writer.SetMetadata("format", "pt");
        writer.SetMetadata("model", network.Spec.Name);
        foreach (Parameter parameter in network.Layout.Parameters)
        {
            writer.AddFloats(parameter.Name, parameter.Shape, ParameterTransfer.Read(stream, buffers.Parameters, parameter));
        }

        float[] statistics = new float[buffers.Statistics.Length];
        stream.CopyToHost(buffers.Statistics.Span, statistics.AsSpan());
        stream.Synchronize();
        foreach (RunningStatistics running in network.Layout.Statistics)
        {
            writer.AddFloats($"{running.Name}.running_mean", [running.Channels], statistics.AsSpan((int)running.MeanOffset, running.Channels));
            writer.AddFloats($"{running.Name}.running_var", [running.Channels], statistics.AsSpan((int)running.VarianceOffset, running.Channels));
            writer.AddNumber($"{running.Name}.num_batches_tracked", batchesTracked);
        }
    }

    private static LoadedNetwork ReadNetwork(SafetensorsReader reader, Network network)
    {
        Dictionary<string, string> stored = StoredNames(reader);
        List<string> wanted =
        [
            .. network.Layout.Parameters.Select(p => p.Name),
            .. network.Layout.Statistics.SelectMany(s => new[] { $"{s.Name}.running_mean", $"{s.Name}.running_var" }),
        ];
        List<string> missing = [.. wanted.Where(name => !stored.ContainsKey(name))];
        List<string> others = [.. stored.Keys.Except(wanted).Where(name => !name.EndsWith(".num_batches_tracked", StringComparison.Ordinal))];
        if (missing.Count > 0 || others.Count > 0)
        {
            throw new InvalidDataException(
                $"{reader.Path} holds another network than {network.Spec.Name}"
                + (reader.Metadata.TryGetValue("model", out string? model) ? $" (it says {model})" : "")
                + (missing.Count > 0 ? $"; it lacks {Some(missing)}" : "")
                + (others.Count > 0 ? $"; it has {Some(others)}" : "")
                + ". Create the network with the model, stem and shortcuts it was saved with.");
        }

        float[][] parameters = [.. network.Layout.Parameters.Select(p => ReadTensor(reader, stored[p.Name], p.Name, p.Shape))];
        float[] statistics = new float[network.Layout.StatisticsElements];
        foreach (RunningStatistics running in network.Layout.Statistics)
        {
            Read($"{running.Name}.running_mean", running.MeanOffset);
            Read($"{running.Name}.running_var", running.VarianceOffset);

            void Read(string name, long offset) => ReadTensor(reader, stored[name], name, [running.Channels]).CopyTo(statistics, (int)offset);
        }

        return new(network.Layout, parameters, statistics);

        static string Some(List<string> names) => string.Join(", ", names.Take(4)) + (names.Count > 4 ? $" and {names.Count - 4} more" : "");
    }

    // The network's tensors: torchvision's name -> the name in the file.
    private static Dictionary<string, string> StoredNames(SafetensorsReader reader)
    {
        Dictionary<string, string> stored = new(StringComparer.Ordinal);
        foreach (string name in reader.Tensors.Keys.Where(name => !name.StartsWith(MomentumPrefix, StringComparison.Ordinal)))
        {
            string known = name.StartsWith("module.", StringComparison.Ordinal) ? name["module.".Length..] : name;
            known = known.StartsWith("linear.", StringComparison.Ordinal) ? "fc." + known["linear.".Length..] : known;
            known = known.Replace(".shortcut.", ".downsample.", StringComparison.Ordinal);
            if (!stored.TryAdd(known, name))
            {
                throw new InvalidDataException($"{reader.Path} holds {known} twice, as {stored[known]} and as {name}.");
            }
        }

        return stored;
    }

    private static float[] ReadTensor(SafetensorsReader reader, string stored, string name, IReadOnlyList<int> shape)
    {
        if (!reader.Tensors.TryGetValue(stored, out TensorEntry? entry))
        {
            throw new InvalidDataException($"{reader.Path} holds no {name}: it is a network without a training. Load it as a network, or start a training from it.");
        }

        return entry.Shape.SequenceEqual(shape.Select(extent => (long)extent))
            ? reader.ReadFloats(stored)
            : throw new InvalidDataException($"{reader.Path}: {entry} should be {string.Join(" x ", shape)} in this network. Create the network with the widths and classes it was saved with.");
    }

    private static Dictionary<string, string> TextsUnder(SafetensorsReader reader, string prefix) => reader.Metadata
        .Where(text => text.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(text => text.Key[prefix.Length..], text => text.Value, StringComparer.Ordinal);

    private sealed record LoadedNetwork(ParameterLayout Layout, float[][] Parameters, float[] Statistics)
    {
        public void Write(CudaStream stream, NetworkBuffers buffers)
        {
            foreach ((Parameter parameter, float[] values) in Layout.Parameters.Zip(Parameters))
            {
                ParameterTransfer.Write(stream, buffers.Parameters, parameter, values);
            }

            buffers.UpdateCopies();
            stream.CopyToDevice(Statistics, buffers.Statistics.Span);
            stream.Synchronize();
        }
    }
}
