using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Why one proposal after the other came to nothing, as one reason.</summary>
internal sealed class GraphRefusals(OperationGraph graph)
{
    // Engines by the dozen give the same reason.
    private const int MostReasons = 6;

    private readonly List<(string Who, string Reason)> _reasons = [];
    private cudnnStatus_t _status = cudnnStatus_t.CUDNN_STATUS_NOT_SUPPORTED;

    public void Add(string who, GraphSupport refusal)
    {
        string reason = refusal.Reason.Length == 0 ? $"{refusal.Status}" : refusal.Reason;
        if (_reasons.Count == 0)
        {
            _status = refusal.Status;
        }

        if (!_reasons.Exists(known => known.Reason == reason))
        {
            _reasons.Add((who, reason));
        }
    }

    public GraphSupport Summary
    {
        get
        {
            StringBuilder text = new();
            foreach ((string who, string reason) in _reasons.Take(MostReasons))
            {
                text.Append(text.Length == 0 ? "" : "; ").Append(who).Append(": ").Append(reason.TrimEnd('.'));
            }

            if (_reasons.Count > MostReasons)
            {
                text.Append($"; and {_reasons.Count - MostReasons} other reasons");
            }

            return new(false, $"{graph} ({string.Join(", ", graph.Operations.Select(operation => $"'{operation.Name}'"))}) has no plan: {(text.Length == 0 ? "no heuristic was asked" : text)}", _status);
        }
    }
}
