using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using CudnnNet.Interop;

namespace CudnnNet;

/// <summary>One of the devices the driver counts, before any context is made on it.</summary>
/// <remarks>Which devices there are and in which order is the driver's business; <c>CUDA_VISIBLE_DEVICES</c> selects and sorts them.</remarks>
public sealed unsafe class CudaDevice
{
    private DeviceProperties? _properties;

    private CudaDevice(int ordinal, int handle)
    {
        Ordinal = ordinal;
        Handle = handle;
    }

    /// <summary>The number of devices of the selected kind; 0 where the driver finds none.</summary>
    /// <exception cref="CudaException">The driver does not start.</exception>
    public static int Count => CudaContext.DeviceCount;

    /// <summary>All devices, in the driver's order.</summary>
    /// <exception cref="CudaException">The driver does not start.</exception>
    public static IReadOnlyList<CudaDevice> All => [.. Enumerable.Range(0, Count).Select(Get)];

    /// <summary>The device's ordinal, from 0.</summary>
    public int Ordinal { get; }

    /// <summary>The driver's handle (<c>CUdevice</c>).</summary>
    public int Handle { get; }

    /// <summary>What the device is and can do.</summary>
    public DeviceProperties Properties => _properties ??= new DeviceProperties(Ordinal, Handle);

    /// <summary>The device's unique number; parts of a divided GPU have their own.</summary>
    public Guid Uuid
    {
        get
        {
            CUuuid uuid;
            // Since 11.4 the symbol with the suffix tells parts of a GPU apart; every driver of CUDA 12 has it.
            Cuda.Check(Cuda.cuDeviceGetUuid_v2(&uuid, Handle));
            return new Guid(new ReadOnlySpan<byte>(uuid.bytes, 16), bigEndian: true);
        }
    }

    /// <summary>The address on the PCI bus: domain, bus, device and function, as in "0000:65:00.0".</summary>
    public string PciBusId
    {
        get
        {
            const int capacity = 32;
            byte* text = stackalloc byte[capacity];
            Cuda.Check(Cuda.cuDeviceGetPCIBusId(text, capacity, Handle));
            text[capacity - 1] = 0;
            return Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;
        }
    }

    /// <summary>The device with the given ordinal.</summary>
    /// <param name="ordinal">From 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such device.</exception>
    /// <exception cref="CudaException">The driver does not start.</exception>
    public static CudaDevice Get(int ordinal)
    {
        int count = Count;
        if ((uint)ordinal >= (uint)count)
        {
            throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, $"Device {ordinal} was asked for; the driver counts {count} device(s), numbered from 0.");
        }

        int handle;
        Cuda.Check(Cuda.cuDeviceGet(&handle, ordinal));
        return new(ordinal, handle);
    }

    /// <summary>The device at a PCI address.</summary>
    /// <param name="pciBusId">As <see cref="PciBusId"/> gives it.</param>
    /// <exception cref="CudaException">No device of the driver is there.</exception>
    public static CudaDevice GetByPciBusId(string pciBusId)
    {
        ArgumentException.ThrowIfNullOrEmpty(pciBusId);
        IReadOnlyList<CudaDevice> all = All;
        int handle;
        byte* text = Utf8StringMarshaller.ConvertToUnmanaged(pciBusId);
        try
        {
            CUresult status = Cuda.cuDeviceGetByPCIBusId(&handle, text);
            if (status != CUresult.CUDA_SUCCESS)
            {
                CudaFailure.Throw("cuDeviceGetByPCIBusId", status, $"The device at '{pciBusId}' was asked for; the driver counts {string.Join(", ", all.Select(d => d.PciBusId))}");
            }
        }
        finally
        {
            Utf8StringMarshaller.Free(text);
        }

        int found = handle;
        return all.First(d => d.Handle == found);
    }

    /// <summary>Whether a context on this device can be given access to memory on <paramref name="peer"/>; see <see cref="CudaContext.EnablePeerAccess"/>.</summary>
    public bool CanAccessPeer(CudaDevice peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        int can;
        Cuda.Check(Cuda.cuDeviceCanAccessPeer(&can, Handle, peer.Handle));
        return can != 0;
    }

    /// <summary>What the driver knows of the link from this device to <paramref name="peer"/> (<c>cuDeviceGetP2PAttribute</c>).</summary>
    /// <exception cref="CudaException">The driver does not know the attribute, or the devices are one.</exception>
    public int GetPeerAttribute(CUdevice_P2PAttribute attribute, CudaDevice peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        int value;
        CUresult status = Cuda.cuDeviceGetP2PAttribute(&value, attribute, Handle, peer.Handle);
        if (status != CUresult.CUDA_SUCCESS)
        {
            CudaFailure.Throw("cuDeviceGetP2PAttribute", status, $"{attribute} from device {Ordinal} to device {peer.Ordinal} was asked for");
        }

        return value;
    }

    /// <summary>Retains the primary context, the one all libraries of the process share; see <see cref="CudaContext.Primary"/>.</summary>
    /// <exception cref="CudaException">The device cannot be used.</exception>
    public CudaContext RetainPrimaryContext() => CudaContext.Primary(Ordinal);

    /// <summary>Makes a context of one's own; see <see cref="CudaContext.Create"/>.</summary>
    /// <exception cref="CudaException">The device cannot be used.</exception>
    public CudaContext CreateContext(ContextScheduling scheduling = ContextScheduling.Automatic) => CudaContext.Create(Ordinal, scheduling);

    /// <summary>Ordinal and name.</summary>
    public override string ToString() => $"device {Ordinal}: {Properties.Name}";
}
