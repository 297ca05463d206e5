using Golden;

namespace CudnnNet.Tests;

/// <summary>Matrix products through the graph API, with strides, batches, factors and bias, against the golden values.</summary>
public class GoldenGraphMatrixTests : GoldenReport
{
    private static IEnumerable<TestCaseData> Products() => GoldenGraph.WithBothHeuristics(GoldenVariant.OfMatrices("gemm"));

    private static IEnumerable<TestCaseData> LinearLayers() => GoldenGraph.WithBothHeuristics(GoldenVariant.OfMatrices("linear"));

    [TestCaseSource(nameof(Products))]
    public void A_graph_of_a_matrix_product_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        LayerCase layer = run.Case;
        DataType compute = variant.Storage == DataType.Float64 ? DataType.Float64 : DataType.Float32;
        (int m, int n, int k, int batch) = (layer.Integer("m"), layer.Integer("n"), layer.Integer("k"), layer.Integer("batch"));
        OperationGraph graph = new("product") { ComputeType = compute };

        // The cases are column-major.
        GraphTensor a = Matrix(layer, graph, "a", m, k, batch, variant.Storage, layer.Text("op_a") == "T");
        GraphTensor b = Matrix(layer, graph, "b", k, n, batch, variant.Storage, layer.Text("op_b") == "T");
        GraphTensor product = graph.Matmul(a, b, "product");
        GraphTensor? prior = run.Beta == 0 ? null : Matrix(layer, graph, "c", m, n, batch, compute, turned: false);
        GraphTensor result = graph.Blend(product, run.Alpha, prior, run.Beta).Output("c").As(compute).WithStrides(batch == 1 ? (long)layer.Integer("ldc") * n : layer.Integer("stride_c"), 1, layer.Integer("ldc"));
        if (compute == DataType.Float64)
        {
            Run<double, double>();
        }
        else if (variant.Storage == DataType.BFloat16)
        {
            Run<BFloat16, float>();
        }
        else if (variant.Storage == DataType.Float16)
        {
            Run<Half, float>();
        }
        else
        {
            Run<float, float>();
        }

        run.AssertAllPassed();

        void Run<TInput, TOutput>()
            where TInput : unmanaged
            where TOutput : unmanaged
        {
            // What lies between the result's columns must stay.
            DeviceMemory<TOutput> memory = run.Values<TOutput>(layer.Input("c"));
            List<TensorPointer> tensors = [a.At(run.Values<TInput>(layer.Input("a"))), b.At(run.Values<TInput>(layer.Input("b"))), result.At(memory)];
            if (prior is not null)
            {
                tensors.Add(prior.At(run.Values<TOutput>(layer.Input("c"))));
            }

            run.Execute(graph, tensors.ToArray());
            run.CheckValues("c", memory, run.ArithmeticOfInputs("c"), "graph");
        }
    }

    [TestCaseSource(nameof(LinearLayers))]
    public void A_graph_of_a_linear_layer_and_its_gradients_equals_the_reference(GoldenVariant variant, HeuristicMode heuristic)
    {
        using GoldenRun run = new(variant) { Heuristic = heuristic };
        switch (variant.Storage)
        {
            case DataType.Float64:
                Linear<double, double>(run, variant.Storage, DataType.Float64);
                break;
            case DataType.BFloat16:
                Linear<BFloat16, float>(run, variant.Storage, DataType.Float32);
                break;
            case DataType.Float16:
                Linear<Half, float>(run, variant.Storage, DataType.Float32);
                break;
            default:
                Linear<float, float>(run, variant.Storage, DataType.Float32);
                break;
        }

        run.AssertAllPassed([.. run.Case.Outputs.Keys.Except(["db"])]);
    }

    private static void Linear<TInput, TOutput>(GoldenRun run, DataType storage, DataType compute)
        where TInput : unmanaged
        where TOutput : unmanaged
    {
        (int samples, int inputs, int outputs) = (run.Case.Shape("x")[0], run.Case.Shape("x")[1], run.Case.Shape("w")[0]);
        DeviceMemory<TInput> x = run.Values<TInput>(run.Case.Input("x")), w = run.Values<TInput>(run.Case.Input("w")), dy = run.Values<TInput>(run.Case.Input("dy"));
        Check("y", samples, outputs, graph =>
        {
            // w transposed is w with exchanged strides.
            GraphTensor left = graph.Tensor("x", storage, [1, samples, inputs]);
            GraphTensor right = graph.Tensor("w", storage, [1, inputs, outputs], [(long)inputs * outputs, 1, inputs]);
            GraphTensor y = graph.Matmul(left, right);
            if (!run.Case.Has("b"))
            {
                return (y, [left.At(x), right.At(w)]);
            }

            GraphTensor bias = graph.Tensor("b", compute, [1, 1, outputs]);
            return (graph.Add(y, bias), [left.At(x), right.At(w), bias.At(run.Values<TOutput>(run.Case.Input("b")))]);
        });
        Check("dx", samples, inputs, graph =>
        {
            GraphTensor left = graph.Tensor("dy", storage, [1, samples, outputs]), right = graph.Tensor("w", storage, [1, outputs, inputs]);
            return (graph.Matmul(left, right), [left.At(dy), right.At(w)]);
        });
        Check("dw", outputs, inputs, graph =>
        {
            GraphTensor left = graph.Tensor("dy", storage, [1, outputs, samples], [(long)samples * outputs, 1, outputs]);
            GraphTensor right = graph.Tensor("x", storage, [1, samples, inputs]);
            return (graph.Matmul(left, right), [left.At(dy), right.At(x)]);
        });

        void Check(string output, int rows, int columns, Func<OperationGraph, (GraphTensor Result, TensorPointer[] Tensors)> describe)
        {
            OperationGraph graph = new(output) { ComputeType = compute };
            (GraphTensor result, TensorPointer[] tensors) = describe(graph);
            float[] unread = new float[rows * columns];
            Array.Fill(unread, float.NaN);
            DeviceMemory<TOutput> memory = run.Values<TOutput>(unread);
            run.Execute(graph, [.. tensors, result.Output(output).As(compute).At(memory)]);
            run.CheckValues(output, memory, run.ArithmeticOfInputs(output), "graph");
        }
    }

    private static GraphTensor Matrix(LayerCase layer, OperationGraph graph, string name, int rows, int columns, int batch, DataType type, bool turned)
    {
        int leading = layer.Integer($"ld{name}"), stride = layer.Integer($"stride_{name}");

        // A matrix that all products share is a batch of one.
        return graph.Tensor(name, type, [stride == 0 ? 1 : batch, rows, columns], turned ? [stride, leading, 1] : [stride, 1, leading]);
    }
}
