#pragma warning disable CA1050 // NUnit takes a set-up outside of all namespaces for that of the whole project

/// <summary>The device of all tests of this project.</summary>
[SetUpFixture]
public sealed class TheDevice : Devices.DeviceSetUp;
