using System.Globalization;
using System.Text;

namespace ResNet;

/// <summary>How an operation of a pass is computed.</summary>
public enum OperationWay
{
    /// <summary>By a plan of cuDNN's graph API.</summary>
    GraphPlan,

    /// <summary>By one fused call of the descriptors API.</summary>
    FusedCall,

    /// <summary>By a call of the descriptors API for every part.</summary>
    SeparateCalls,
}

/// <summary>One decision that was made while a pass was put together.</summary>
/// <param name="Computes">What is computed, e.g. <c>data gradient, add</c>.</param>
/// <param name="Way">How.</param>
/// <param name="Reason">Why not in the ways that the options prefer to it, in the library's words; empty where it is the preferred one.</param>
public sealed record OperationChoice(string Computes, OperationWay Way, string Reason)
{
    /// <summary>A table of decisions, equal ones counted: what is computed, how often, how, and why not otherwise.</summary>
    internal static string Describe(IEnumerable<OperationChoice> choices)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"operation",-46} {"number",6}  computed by");

        // Reasons name shapes and engines; the first stands for all of a kind.
        foreach (var alike in choices.GroupBy(choice => (choice.Computes, choice.Way, HasReason: choice.Reason.Length > 0)))
        {
            string reason = alike.First().Reason;
            text.AppendLine(CultureInfo.InvariantCulture, $"{alike.Key.Computes,-46} {alike.Count(),6}  {Words(alike.Key.Way)}{(reason.Length > 0 ? $"; {reason}" : "")}");
        }

        return text.ToString();
    }

    private static string Words(OperationWay way) => way switch
    {
        OperationWay.GraphPlan => "a graph plan",
        OperationWay.FusedCall => "one fused call",
        _ => "separate calls",
    };
}
