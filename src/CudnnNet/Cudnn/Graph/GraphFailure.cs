using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>Errors of the graph API, which name the tensor or operation of the caller's graph.</summary>
internal static class GraphFailure
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(cudnnStatus_t status, string function, object subject)
    {
        if (status != cudnnStatus_t.CUDNN_STATUS_SUCCESS)
        {
            Throw(status, function, subject);
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Throw(cudnnStatus_t status, string function, object subject)
    {
        string words = LastErrorText.OfCudnn();
        string who = subject.ToString()!;
        throw new CudnnException(function, status, words.Length == 0 ? $"{who}: cuDNN gave no further reason" : $"{who}: {Explain(words, GraphOf(subject))}");
    }

    /// <summary>Whether a status says that cuDNN has nothing for the request, which is an answer and no mistake of the caller.</summary>
    public static bool IsRefusal(cudnnStatus_t status) => (int)status / 1000 == 3;

    /// <summary>cuDNN's words of the last error, with the names of the tensors it counts.</summary>
    public static string LastWords(OperationGraph graph) => Explain(LastErrorText.OfCudnn(), graph);

    /// <summary>Writes the name of a tensor behind its unique id, wherever a text says "tensor 7".</summary>
    private static string Explain(string words, OperationGraph? graph)
    {
        const string Mark = "tensor ";
        if (graph is null || !words.Contains(Mark, StringComparison.Ordinal))
        {
            return words;
        }

        StringBuilder text = new();
        int from = 0;
        for (int at = words.IndexOf(Mark, StringComparison.Ordinal); at >= 0; at = words.IndexOf(Mark, at + Mark.Length, StringComparison.Ordinal))
        {
            int end = at + Mark.Length;
            while (end < words.Length && char.IsAsciiDigit(words[end]))
            {
                end++;
            }

            if (long.TryParse(words.AsSpan(at + Mark.Length, end - at - Mark.Length), CultureInfo.InvariantCulture, out long uid) && graph.Find(uid) is { } tensor)
            {
                text.Append(words, from, end - from).Append(" '").Append(tensor.Name).Append('\'');
                from = end;
            }
        }

        return text.Append(words, from, words.Length - from).ToString();
    }

    private static OperationGraph? GraphOf(object subject) => subject switch
    {
        OperationGraph graph => graph,
        GraphTensor tensor => tensor.Graph,
        GraphOperation operation => operation.Graph,
        IGraphSubject part => part.Graph,
        _ => null,
    };
}

/// <summary>What is made from a graph: a plan, an engine.</summary>
internal interface IGraphSubject
{
    OperationGraph Graph { get; }
}
