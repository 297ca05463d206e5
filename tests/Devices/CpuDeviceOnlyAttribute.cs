using NUnit.Framework.Interfaces;

namespace Devices;

/// <summary>The test, or every test of the class, cannot hold on a GPU: it is skipped there with the reason.</summary>
/// <param name="why">What is different there.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class CpuDeviceOnlyAttribute(string why) : NUnitAttribute, ITestAction
{
    /// <summary>What is different on a GPU.</summary>
    public string Why => why;

    /// <inheritdoc/>
    public ActionTargets Targets => ActionTargets.Test;

    /// <inheritdoc/>
    public void BeforeTest(ITest test) => Requires.TheCpuDevice(why);

    /// <inheritdoc/>
    public void AfterTest(ITest test)
    {
    }
}
