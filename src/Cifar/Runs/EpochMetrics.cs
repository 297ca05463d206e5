using System.Globalization;

namespace Cifar;

/// <summary>What one epoch gave: one row of <c>metrics.csv</c>.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="LearningRate">The rate during the epoch.</param>
/// <param name="TrainLoss">Mean cross-entropy over the images of the epoch's steps, measured while they were learnt from.</param>
/// <param name="TrainAccuracy">Share of those images classified correctly.</param>
/// <param name="TestLoss">Mean cross-entropy over all test images after the epoch.</param>
/// <param name="TestAccuracy">Share of the test images classified correctly.</param>
/// <param name="ImagesPerSecond">Training images a second, the test not counted.</param>
/// <param name="Seconds">Duration of the epoch with its test.</param>
public sealed record EpochMetrics(
    int Epoch, double LearningRate, double TrainLoss, double TrainAccuracy, double TestLoss, double TestAccuracy, double ImagesPerSecond, double Seconds)
{
    /// <summary>The first line of the file. The last column repeats the data set's name, so that no row can be taken for another data set's.</summary>
    public const string Header = "epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,images_per_second,seconds,dataset";

    private const int Columns = 9;

    /// <summary>The row; floating-point numbers in the shortest form that reads back to the same bits, speeds and times rounded.</summary>
    public string ToRow(string dataSet) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Epoch},{LearningRate:R},{TrainLoss:R},{TrainAccuracy:R},{TestLoss:R},{TestAccuracy:R},{ImagesPerSecond:F1},{Seconds:F2},{dataSet}");

    /// <summary>Reads a row back; null where it is none.</summary>
    public static EpochMetrics? FromRow(string row)
    {
        string[] cells = row.Split(',');
        if (cells.Length != Columns || !int.TryParse(cells[0], NumberStyles.None, CultureInfo.InvariantCulture, out int epoch))
        {
            return null;
        }

        double[] numbers = new double[7];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!double.TryParse(cells[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return null;
            }
        }

        return new EpochMetrics(epoch, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6]);
    }
}
