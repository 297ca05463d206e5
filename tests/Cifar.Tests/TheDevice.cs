/// <summary>The device of all tests of this project.</summary>
[SetUpFixture]
public sealed class TheDevice : Devices.DeviceSetUp;
