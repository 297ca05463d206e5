namespace Cifar;

/// <summary>Puts networks on the device.</summary>
internal sealed class NetworkFactory : ITrainingFactory
{
    /// <inheritdoc/>
    public ITraining Create(Recipe recipe, DataSet data) => throw new InvalidDataException("this build has no networks: the ResNet library is not in it yet.");
}
