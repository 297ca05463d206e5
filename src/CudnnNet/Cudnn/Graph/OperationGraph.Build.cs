namespace CudnnNet;

/// <content>From the description to a plan.</content>
public sealed partial class OperationGraph
{
    /// <summary>Whether the handle's device has a plan for the graph, and if not, why: an answer, not an exception. Nothing is run.</summary>
    /// <param name="cudnn">The handle.</param>
    /// <param name="options">What is wanted of the plan; null: anything.</param>
    /// <exception cref="CudnnException">The graph is wrong rather than unsupported; the message names the tensor or operation.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public GraphSupport IsSupported(CudnnHandle cudnn, GraphBuildOptions? options = null)
    {
        GraphSupport support = TryBuild(cudnn, options, out GraphPlan? plan);
        plan?.Dispose();
        return support;
    }

    /// <summary>Whether a described device has a plan for the graph, and if not, why.</summary>
    /// <param name="device">The description.</param>
    /// <param name="options">What is wanted of the plan; null: anything.</param>
    /// <exception cref="CudnnException">The graph is wrong rather than unsupported; the message names the tensor or operation.</exception>
    /// <exception cref="ObjectDisposedException">The description is disposed.</exception>
    public GraphSupport IsSupported(DeviceDescription device, GraphBuildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        GraphSupport support = TryBuild(null, device, options, out GraphPlan? plan);
        plan?.Dispose();
        return support;
    }

    /// <summary>Makes a plan, if there is one.</summary>
    /// <param name="cudnn">The handle of the device it is for.</param>
    /// <param name="options">What is wanted of it; null: anything.</param>
    /// <param name="plan">The plan, which belongs to the caller; null where there is none.</param>
    /// <returns>Whether there is one, and if not, why.</returns>
    /// <exception cref="CudnnException">The graph is wrong rather than unsupported; the message names the tensor or operation.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public GraphSupport TryBuild(CudnnHandle cudnn, GraphBuildOptions? options, out GraphPlan? plan)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        return TryBuild(cudnn, null, options, out plan);
    }

    /// <summary>Makes a plan: the first that cuDNN's heuristics propose and the options allow.</summary>
    /// <param name="cudnn">The handle of the device it is for.</param>
    /// <param name="options">What is wanted of it; null: anything.</param>
    /// <returns>The plan, which belongs to the caller.</returns>
    /// <exception cref="CudnnException">There is no plan, or the graph is wrong; the message says why and names the tensor or operation.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public GraphPlan Build(CudnnHandle cudnn, GraphBuildOptions? options = null)
    {
        GraphSupport support = TryBuild(cudnn, options, out GraphPlan? plan);
        return plan ?? throw support.Refusal();
    }

    /// <summary>Makes a plan for a device that is not here. Its JSON can be loaded where the device is.</summary>
    /// <param name="device">The description.</param>
    /// <param name="options">What is wanted of it; null: anything.</param>
    /// <returns>The plan, which belongs to the caller.</returns>
    /// <exception cref="CudnnException">There is no plan, or the graph is wrong; the message says why and names the tensor or operation.</exception>
    /// <exception cref="ObjectDisposedException">The description is disposed.</exception>
    public GraphPlan Build(DeviceDescription device, GraphBuildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        GraphSupport support = TryBuild(null, device, options, out GraphPlan? plan);
        return plan ?? throw support.Refusal();
    }

    /// <summary>Gives the graph to cuDNN, to look at engines and their knobs one by one.</summary>
    /// <param name="cudnn">The handle of the device.</param>
    /// <returns>The prepared graph, which belongs to the caller.</returns>
    /// <exception cref="CudnnException">cuDNN refuses a tensor or an operation; the message names it.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public PreparedGraph Prepare(CudnnHandle cudnn)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        return new PreparedGraph(this, cudnn, null);
    }

    /// <summary>Gives the graph to cuDNN for a device that is not here.</summary>
    /// <param name="device">The description.</param>
    /// <returns>The prepared graph, which belongs to the caller.</returns>
    /// <exception cref="CudnnException">cuDNN refuses a tensor or an operation; the message names it.</exception>
    /// <exception cref="ObjectDisposedException">The description is disposed.</exception>
    public PreparedGraph Prepare(DeviceDescription device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return new PreparedGraph(this, null, device);
    }

    /// <summary>Makes a plan of the JSON of one, without asking any heuristic.</summary>
    /// <param name="cudnn">The handle of the device.</param>
    /// <param name="json">What <see cref="GraphPlan.ToJson"/> of a plan of the same graph gave.</param>
    /// <returns>The plan, which belongs to the caller.</returns>
    /// <exception cref="CudnnException">The text is no plan, or one of another version of cuDNN or another kind of device.</exception>
    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public GraphPlan LoadPlan(CudnnHandle cudnn, string json)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        ArgumentException.ThrowIfNullOrEmpty(json);
        return new GraphPlan(this, cudnn, json);
    }

    private GraphSupport TryBuild(CudnnHandle? cudnn, DeviceDescription? device, GraphBuildOptions? options, out GraphPlan? plan)
    {
        PreparedGraph prepared;
        try
        {
            prepared = new PreparedGraph(this, cudnn, device);
        }
        catch (CudnnException refusal) when (GraphFailure.IsRefusal(refusal.Code))
        {
            plan = null;
            return new(false, refusal.Detail, refusal.Code);
        }

        using (prepared)
        {
            return prepared.TryBuild(options, out plan);
        }
    }
}
