using ResNet;

namespace Cifar;

/// <summary>What a test gave.</summary>
/// <param name="Loss">Mean cross-entropy over all test images.</param>
/// <param name="Accuracy">Share of them classified correctly.</param>
internal readonly record struct TestResult(double Loss, double Accuracy);

/// <summary>A network, its optimiser and its data on a device, as far as the training loop needs to know of them.</summary>
internal interface ITraining : IDisposable
{
    /// <summary>What the device calls itself.</summary>
    string DeviceName { get; }

    /// <summary>The number of learnt parameters.</summary>
    long ParameterCount { get; }

    /// <summary>By which of cuDNN's doors operations are computed, where it has them there, in a word or two.</summary>
    string Fusion { get; }

    /// <summary>What the device's memory is taken for.</summary>
    string DescribeMemory();

    /// <summary>How the operations of a step are computed, and why not otherwise.</summary>
    string DescribeOperations();

    /// <summary>Steps of an epoch.</summary>
    int StepsPerEpoch { get; }

    /// <summary>Epochs completed.</summary>
    int CompletedEpochs { get; }

    /// <summary>Steps completed in the current epoch.</summary>
    int CompletedSteps { get; }

    /// <summary>Sets the learning rate of the steps to come.</summary>
    void SetLearningRate(double rate);

    /// <summary>Starts one step; returns before the device has finished it.</summary>
    void Step();

    /// <summary>Waits for the steps started and reads the current epoch's sums.</summary>
    MetricSums ReadSums();

    /// <summary>Ends the epoch all of whose steps are done: sums go back to 0, the next epoch's order is drawn.</summary>
    void EndEpoch();

    /// <summary>Classifies all test images with the running statistics.</summary>
    TestResult Test();

    /// <summary>Waits for the steps started and writes everything needed to continue from here, replacing the file as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="notes">Texts to keep in the file beside the state.</param>
    void Save(string path, IReadOnlyDictionary<string, string> notes);

    /// <summary>Takes the state a <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The texts that were kept beside the state.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or the state of another network.</exception>
    IReadOnlyDictionary<string, string> Load(string path);

    /// <summary>Takes the network alone from a file, to test it.</summary>
    /// <param name="path">The file: one that <see cref="Save"/> wrote, or parameters and statistics under torchvision's names.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is damaged, or another network.</exception>
    void LoadNetwork(string path);
}

/// <summary>Puts networks and data on the device.</summary>
internal interface ITrainingFactory
{
    /// <summary>Initialises a network by the recipe's seed and takes all device memory its training needs.</summary>
    ITraining Create(Recipe recipe, DataSet data);
}
