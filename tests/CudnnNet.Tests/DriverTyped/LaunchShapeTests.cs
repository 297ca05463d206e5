namespace CudnnNet.Tests;

/// <summary>Grids and arguments; nothing of it needs a device.</summary>
public sealed class LaunchShapeTests
{
    [TestCase(1, 256u, 1u, ExpectedResult = 1u)]
    [TestCase(256, 256u, 1u, ExpectedResult = 1u)]
    [TestCase(257, 256u, 1u, ExpectedResult = 2u)]
    [TestCase(1025, 256u, 4u, ExpectedResult = 2u)]
    [TestCase(549_755_813_632, 256u, 1u, ExpectedResult = 2_147_483_647u)]
    public uint A_cover_has_as_many_blocks_as_the_elements_need(long elements, uint block, uint perThread)
    {
        LaunchShape shape = LaunchShape.Cover(elements, block, perThread);
        Assert.That(shape.Block, Is.EqualTo(new Dim3(block)));
        return shape.Grid.X;
    }

    [Test]
    public void A_cover_that_no_grid_can_be_is_refused()
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => LaunchShape.Cover(549_755_813_633))!;
        Assert.That(error.Message, Does.Contain("need 2147483648 blocks; a grid has at most 2147483647. Give each thread more elements."));
    }

    [Test]
    public void Extents_left_out_are_one()
    {
        Dim3 block = 128u;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(block, Is.EqualTo(new Dim3(128, 1, 1)));
            Assert.That(new Dim3(4, 3, 2).Count, Is.EqualTo(24));
            Assert.That(new Dim3(4, 3).ToString(), Is.EqualTo("(4, 3, 1)"));
        }
    }

    [Test]
    public void An_argument_knows_its_width()
    {
        KernelArgument[] arguments = [new DevicePointer(1), 1, 1u, 1L, 1UL, 1f, 1d, KernelArgument.From((byte)1), KernelArgument.From((Half)1)];
        Assert.That(arguments.Select(a => a.Bytes), Is.EqualTo(new[] { 8, 4, 4, 8, 8, 4, 8, 1, 2 }));
    }

    [Test]
    public void An_argument_of_more_than_eight_bytes_is_refused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => KernelArgument.From(1m))!;
        Assert.That(error.Message, Does.StartWith("Decimal has 16 bytes; a KernelArgument holds 8. Use a CudaKernel.Launch with typed arguments."));
    }

    [Test]
    public void Compute_capabilities_are_ordered()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(new ComputeCapability(8, 6) > new ComputeCapability(8, 0));
            Assert.That(new ComputeCapability(7, 5) < new ComputeCapability(8, 0));
            Assert.That(new ComputeCapability(9, 0) >= new ComputeCapability(9, 0));
            Assert.That(new ComputeCapability(10, 0) <= new ComputeCapability(9, 0), Is.False);
            Assert.That(new ComputeCapability(12, 1).ToString(), Is.EqualTo("12.1"));
        }
    }
}
