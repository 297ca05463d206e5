using CudnnNet.Interop;
using static CudnnNet.Interop.cudnnBackendAttributeName_t;
using static CudnnNet.Interop.cudnnBackendDescriptorType_t;

namespace CudnnNet;

/// <summary>A knob of an engine: a number its kernels can be tuned by.</summary>
/// <param name="Type">Which one.</param>
/// <param name="Minimum">The least value.</param>
/// <param name="Maximum">The greatest value.</param>
/// <param name="Stride">From one value to the next.</param>
public readonly record struct EngineKnob(cudnnBackendKnobType_t Type, long Minimum, long Maximum, long Stride);

/// <summary>A knob with its value.</summary>
/// <param name="Type">Which one.</param>
/// <param name="Value">Its value.</param>
public readonly record struct KnobChoice(cudnnBackendKnobType_t Type, long Value);

/// <summary>An engine for a graph, whose knobs can be set by hand. Made by <see cref="PreparedGraph.GetEngine"/>.</summary>
public sealed class GraphEngine : NativeOwner
{
    // More than there are kinds of knobs.
    private const int MostKnobs = 64;

    private readonly BackendDescriptor _engine = null!;

    internal GraphEngine(PreparedGraph prepared, long index)
        : base(prepared)
    {
        Prepared = prepared;
        Index = index;
        try
        {
            _engine = new BackendDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, $"engine {index} for {prepared.Graph}");
            _engine.Set(CUDNN_ATTR_ENGINE_OPERATION_GRAPH, prepared.Descriptor);
            _engine.Set(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, index);
            if (prepared.Device is not null)
            {
                _engine.Set(CUDNN_ATTR_ENGINE_DEVICEPROP, prepared.Device.Descriptor);
            }

            _engine.Complete();
            Knobs = ReadKnobs();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The graph it is for.</summary>
    public PreparedGraph Prepared { get; }

    /// <summary>Its number.</summary>
    public long Index { get; }

    /// <summary>What can be set.</summary>
    public IReadOnlyList<EngineKnob> Knobs { get; } = [];

    /// <summary>The engine with knobs set; those not named keep cuDNN's values. It belongs to the caller.</summary>
    /// <exception cref="ArgumentException">The engine has no such knob, or the knob no such value.</exception>
    /// <exception cref="CudnnException">cuDNN does not take the values together.</exception>
    /// <exception cref="ObjectDisposedException">The engine is disposed.</exception>
    public EngineConfiguration Configure(params ReadOnlySpan<KnobChoice> choices)
    {
        ThrowIfDisposed();
        string subject = $"engine {Index} for {Prepared.Graph}";
        BackendDescriptor configuration = new(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, subject);
        List<BackendDescriptor> set = [];
        try
        {
            configuration.Set(CUDNN_ATTR_ENGINECFG_ENGINE, _engine);
            foreach (KnobChoice choice in choices)
            {
                Check(choice);
                BackendDescriptor knob = new(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, $"knob {choice.Type} = {choice.Value} of {subject}");
                set.Add(knob);
                knob.Set(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, cudnnBackendAttributeType_t.CUDNN_TYPE_KNOB_TYPE, (int)choice.Type);
                knob.Set(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, choice.Value);
                knob.Complete();
            }

            if (set.Count > 0)
            {
                configuration.Set(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, set.Select(knob => knob.KeptHandle).ToArray());
            }

            configuration.Complete();
            return new EngineConfiguration(Prepared, configuration);
        }
        catch
        {
            configuration.Dispose();
            throw;
        }
        finally
        {
            set.ForEach(knob => knob.Dispose());
        }
    }

    private protected override void Release() => _engine?.Dispose();

    private void Check(KnobChoice choice)
    {
        foreach (EngineKnob knob in Knobs)
        {
            if (knob.Type == choice.Type && choice.Value >= knob.Minimum && choice.Value <= knob.Maximum && (choice.Value - knob.Minimum) % Math.Max(1, knob.Stride) == 0)
            {
                return;
            }
        }

        throw new ArgumentException($"Engine {Index} for {Prepared.Graph} was given {choice}. It has {(Knobs.Count == 0 ? "no knobs" : string.Join(", ", Knobs))}.", nameof(choice));
    }

    private EngineKnob[] ReadKnobs()
    {
        BackendDescriptor[] infos = _engine.GetDescriptors(CUDNN_ATTR_ENGINE_KNOB_INFO, CUDNN_BACKEND_KNOB_INFO_DESCRIPTOR, _engine.Subject, MostKnobs);
        EngineKnob[] knobs = new EngineKnob[infos.Length];
        for (int i = 0; i < infos.Length; i++)
        {
            using BackendDescriptor info = infos[i];
            knobs[i] = new(
                info.Get<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_INFO_TYPE, cudnnBackendAttributeType_t.CUDNN_TYPE_KNOB_TYPE),
                info.Get<long>(CUDNN_ATTR_KNOB_INFO_MINIMUM_VALUE, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64),
                info.Get<long>(CUDNN_ATTR_KNOB_INFO_MAXIMUM_VALUE, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64),
                info.Get<long>(CUDNN_ATTR_KNOB_INFO_STRIDE, cudnnBackendAttributeType_t.CUDNN_TYPE_INT64));
        }

        return knobs;
    }
}
