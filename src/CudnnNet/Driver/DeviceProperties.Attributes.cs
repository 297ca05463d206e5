using CudnnNet.Interop;

namespace CudnnNet;

/// <content>One property for each attribute of the driver's list, in its order. An older driver answers a newer attribute with a <see cref="CudaException"/>.</content>
public sealed partial class DeviceProperties
{
    /// <summary>The most threads a block may have along x.</summary>
    public int MaxBlockX => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X);

    /// <summary>The most threads a block may have along y.</summary>
    public int MaxBlockY => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y);

    /// <summary>The most threads a block may have along z.</summary>
    public int MaxBlockZ => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z);

    /// <summary>The most blocks a grid may have along x.</summary>
    public int MaxGridX => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X);

    /// <summary>The most blocks a grid may have along y.</summary>
    public int MaxGridY => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y);

    /// <summary>The most blocks a grid may have along z.</summary>
    public int MaxGridZ => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z);

    /// <summary>Constant memory a module may declare, in bytes.</summary>
    public int ConstantMemoryBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);

    /// <summary>The largest pitch of a copy of rows, in bytes.</summary>
    public int MaxPitchBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PITCH);

    /// <summary>The 32-bit registers a block may use.</summary>
    public int MaxRegistersPerBlock => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);

    /// <summary>The peak clock of the multiprocessors, in kHz.</summary>
    public int ClockKilohertz => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE);

    /// <summary>The alignment of texture base addresses, in bytes.</summary>
    public int TextureAlignmentBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);

    /// <summary>Whether a copy can run beside a kernel; <see cref="AsyncEngineCount"/> says more.</summary>
    public bool OverlapsCopiesWithKernels => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_OVERLAP) != 0;

    /// <summary>Whether the system ends kernels that run too long, as on a device with a display.</summary>
    public bool HasKernelTimeout => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT) != 0;

    /// <summary>Whether the device shares the memory of the host.</summary>
    public bool IsIntegrated => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0;

    /// <summary>Whether pinned host memory can have a device address.</summary>
    public bool CanMapHostMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY) != 0;

    /// <summary>Who may make contexts on the device.</summary>
    public CUcomputemode ComputeMode => (CUcomputemode)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_MODE);

    /// <summary>The largest width of a one-dimensional texture, in texels.</summary>
    public int MaxTexture1DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_WIDTH);

    /// <summary>The largest width of a two-dimensional texture, in texels.</summary>
    public int MaxTexture2DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH);

    /// <summary>The largest height of a two-dimensional texture, in texels.</summary>
    public int MaxTexture2DHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT);

    /// <summary>The largest width of a three-dimensional texture, in texels.</summary>
    public int MaxTexture3DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH);

    /// <summary>The largest height of a three-dimensional texture, in texels.</summary>
    public int MaxTexture3DHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT);

    /// <summary>The largest depth of a three-dimensional texture, in texels.</summary>
    public int MaxTexture3DDepth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH);

    /// <summary>The largest width of a layered two-dimensional texture, in texels.</summary>
    public int MaxTexture2DLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_WIDTH);

    /// <summary>The largest height of a layered two-dimensional texture, in texels.</summary>
    public int MaxTexture2DLayeredHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_HEIGHT);

    /// <summary>The most layers of a layered two-dimensional texture.</summary>
    public int MaxTexture2DLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LAYERED_LAYERS);

    /// <summary>The alignment of surfaces, in bytes.</summary>
    public int SurfaceAlignmentBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT);

    /// <summary>Whether kernels of different streams can run side by side.</summary>
    public bool RunsKernelsConcurrently => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS) != 0;

    /// <summary>Whether the memory corrects errors.</summary>
    public bool HasEcc => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ECC_ENABLED) != 0;

    /// <summary>The number of the PCI bus.</summary>
    public int PciBus => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_BUS_ID);

    /// <summary>The number of the device on its PCI bus.</summary>
    public int PciDevice => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID);

    /// <summary>Whether the device is under the Windows driver without display (TCC).</summary>
    public bool UsesTccDriver => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TCC_DRIVER) != 0;

    /// <summary>The peak clock of the memory, in kHz.</summary>
    public int MemoryClockKilohertz => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);

    /// <summary>The width of the memory bus, in bits.</summary>
    public int MemoryBusBits => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);

    /// <summary>The most threads resident on a multiprocessor.</summary>
    public int MaxThreadsPerMultiprocessor => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);

    /// <summary>The number of copies that can run beside kernels.</summary>
    public int AsyncEngineCount => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT);

    /// <summary>Whether host and device share one address space.</summary>
    public bool HasUnifiedAddressing => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING) != 0;

    /// <summary>The largest width of a layered one-dimensional texture, in texels.</summary>
    public int MaxTexture1DLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_WIDTH);

    /// <summary>The most layers of a layered one-dimensional texture.</summary>
    public int MaxTexture1DLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LAYERED_LAYERS);

    /// <summary>An attribute the driver keeps for old programs (texture gather).</summary>
    public bool CanGatherTextures => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_TEX2D_GATHER) != 0;

    /// <summary>The largest width of a two-dimensional texture that is gathered from, in texels.</summary>
    public int MaxTexture2DGatherWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_GATHER_WIDTH);

    /// <summary>The largest height of a two-dimensional texture that is gathered from, in texels.</summary>
    public int MaxTexture2DGatherHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_GATHER_HEIGHT);

    /// <summary>The largest width of a three-dimensional texture, in the second of the two shapes the device offers, in texels.</summary>
    public int MaxTexture3DWidthAlternate => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_WIDTH_ALTERNATE);

    /// <summary>The largest height of a three-dimensional texture, in the second of the two shapes the device offers, in texels.</summary>
    public int MaxTexture3DHeightAlternate => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_HEIGHT_ALTERNATE);

    /// <summary>The largest depth of a three-dimensional texture, in the second of the two shapes the device offers, in texels.</summary>
    public int MaxTexture3DDepthAlternate => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE3D_DEPTH_ALTERNATE);

    /// <summary>The number of the PCI domain.</summary>
    public int PciDomain => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID);

    /// <summary>The alignment of the pitch of textures over linear memory, in bytes.</summary>
    public int TexturePitchAlignmentBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT);

    /// <summary>The largest width of a cube map texture, in texels.</summary>
    public int MaxTextureCubeMapWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_WIDTH);

    /// <summary>The largest width of a layered cube map texture, in texels.</summary>
    public int MaxTextureCubeMapLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_WIDTH);

    /// <summary>The most layers of a layered cube map texture.</summary>
    public int MaxTextureCubeMapLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURECUBEMAP_LAYERED_LAYERS);

    /// <summary>The largest width of a one-dimensional surface, in texels.</summary>
    public int MaxSurface1DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_WIDTH);

    /// <summary>The largest width of a two-dimensional surface, in texels.</summary>
    public int MaxSurface2DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_WIDTH);

    /// <summary>The largest height of a two-dimensional surface, in texels.</summary>
    public int MaxSurface2DHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_HEIGHT);

    /// <summary>The largest width of a three-dimensional surface, in texels.</summary>
    public int MaxSurface3DWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_WIDTH);

    /// <summary>The largest height of a three-dimensional surface, in texels.</summary>
    public int MaxSurface3DHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_HEIGHT);

    /// <summary>The largest depth of a three-dimensional surface, in texels.</summary>
    public int MaxSurface3DDepth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE3D_DEPTH);

    /// <summary>The largest width of a layered one-dimensional surface, in texels.</summary>
    public int MaxSurface1DLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_LAYERED_WIDTH);

    /// <summary>The most layers of a layered one-dimensional surface.</summary>
    public int MaxSurface1DLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE1D_LAYERED_LAYERS);

    /// <summary>The largest width of a layered two-dimensional surface, in texels.</summary>
    public int MaxSurface2DLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_WIDTH);

    /// <summary>The largest height of a layered two-dimensional surface, in texels.</summary>
    public int MaxSurface2DLayeredHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_HEIGHT);

    /// <summary>The most layers of a layered two-dimensional surface.</summary>
    public int MaxSurface2DLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACE2D_LAYERED_LAYERS);

    /// <summary>The largest width of a cube map surface, in texels.</summary>
    public int MaxSurfaceCubeMapWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_WIDTH);

    /// <summary>The largest width of a layered cube map surface, in texels.</summary>
    public int MaxSurfaceCubeMapLayeredWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_LAYERED_WIDTH);

    /// <summary>The most layers of a layered cube map surface.</summary>
    public int MaxSurfaceCubeMapLayeredLayers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_SURFACECUBEMAP_LAYERED_LAYERS);

    /// <summary>The largest width of a one-dimensional texture over linear memory, in texels.</summary>
    public int MaxTexture1DLinearWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LINEAR_WIDTH);

    /// <summary>The largest width of a two-dimensional texture over linear memory, in texels.</summary>
    public int MaxTexture2DLinearWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_WIDTH);

    /// <summary>The largest height of a two-dimensional texture over linear memory, in texels.</summary>
    public int MaxTexture2DLinearHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_HEIGHT);

    /// <summary>The largest pitch of a two-dimensional texture over linear memory, in bytes.</summary>
    public int MaxTexture2DLinearPitchBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_LINEAR_PITCH);

    /// <summary>The largest width of a mipmapped two-dimensional texture, in texels.</summary>
    public int MaxTexture2DMipmappedWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_WIDTH);

    /// <summary>The largest height of a mipmapped two-dimensional texture, in texels.</summary>
    public int MaxTexture2DMipmappedHeight => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_MIPMAPPED_HEIGHT);

    /// <summary>The largest width of a mipmapped one-dimensional texture, in texels.</summary>
    public int MaxTexture1DMipmappedWidth => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_MIPMAPPED_WIDTH);

    /// <summary>Whether streams have priorities.</summary>
    public bool HasStreamPriorities => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED) != 0;

    /// <summary>Whether the first-level cache can hold global memory.</summary>
    public bool CachesGlobalMemoryInL1 => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED) != 0;

    /// <summary>Whether the first-level cache can hold local memory.</summary>
    public bool CachesLocalMemoryInL1 => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED) != 0;

    /// <summary>The shared memory of a multiprocessor, in bytes.</summary>
    public int MaxSharedMemoryPerMultiprocessorBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);

    /// <summary>The 32-bit registers of a multiprocessor.</summary>
    public int MaxRegistersPerMultiprocessor => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);

    /// <summary>Whether managed memory can be allocated.</summary>
    public bool HasManagedMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY) != 0;

    /// <summary>Whether the device shares its board with others.</summary>
    public bool IsOnMultiGpuBoard => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD) != 0;

    /// <summary>A number that the devices of one board share.</summary>
    public int MultiGpuBoardGroup => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTI_GPU_BOARD_GROUP_ID);

    /// <summary>Whether device and host can change the same word atomically over their link.</summary>
    public bool HasNativeHostAtomics => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NATIVE_ATOMIC_SUPPORTED) != 0;

    /// <summary>How many times faster single precision is than double.</summary>
    public int SingleToDoubleRatio => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO);

    /// <summary>Whether kernels can use any memory of the host without registering it.</summary>
    public bool CanAccessPageableMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS) != 0;

    /// <summary>Whether the host may touch managed memory while kernels run.</summary>
    public bool HasConcurrentManagedAccess => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS) != 0;

    /// <summary>Whether kernels can be preempted.</summary>
    public bool HasComputePreemption => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED) != 0;

    /// <summary>Whether registered host memory has the same address on the device.</summary>
    public bool CanUseHostPointerOfRegisteredMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM) != 0;

    /// <summary>Whether the first form of stream memory operations works.</summary>
    public bool HasStreamMemoryOperationsV1 => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_MEM_OPS_V1) != 0;

    /// <summary>Whether the first form of 64-bit stream memory operations works.</summary>
    public bool Has64BitStreamMemoryOperationsV1 => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS_V1) != 0;

    /// <summary>Whether the first form of waiting for a NOR of a value works.</summary>
    public bool HasStreamWaitNorV1 => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR_V1) != 0;

    /// <summary>Whether <see cref="LaunchShape.Cooperative"/> launches work.</summary>
    public bool CanLaunchCooperatively => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH) != 0;

    /// <summary>Whether cooperative launches over several devices work.</summary>
    public bool CanLaunchCooperativelyOnSeveralDevices => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_MULTI_DEVICE_LAUNCH) != 0;

    /// <summary>The most shared memory a block gets after opting in by <see cref="CudaKernel.MaxDynamicSharedBytes"/>, in bytes.</summary>
    public int MaxSharedMemoryPerBlockOptInBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);

    /// <summary>Whether remote writes can be flushed by a stream operation.</summary>
    public bool CanFlushRemoteWrites => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_FLUSH_REMOTE_WRITES) != 0;

    /// <summary>Whether memory of the host can be registered as pinned.</summary>
    public bool CanRegisterHostMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED) != 0;

    /// <summary>Whether pageable memory is reached through the page tables of the host.</summary>
    public bool UsesHostPageTables => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS_USES_HOST_PAGE_TABLES) != 0;

    /// <summary>Whether the host reaches managed memory on the device without moving it.</summary>
    public bool HasDirectManagedAccessFromHost => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_DIRECT_MANAGED_MEM_ACCESS_FROM_HOST) != 0;

    /// <summary>Whether addresses and memory can be managed apart (<c>cuMemCreate</c>, <c>cuMemMap</c>).</summary>
    public bool HasVirtualMemoryManagement => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0;

    /// <summary>Whether memory can be shared as a POSIX file descriptor.</summary>
    public bool ExportsFileDescriptors => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED) != 0;

    /// <summary>Whether memory can be shared as a Windows NT handle.</summary>
    public bool ExportsWin32Handles => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_WIN32_HANDLE_SUPPORTED) != 0;

    /// <summary>Whether memory can be shared as a Windows KMT handle.</summary>
    public bool ExportsWin32KmtHandles => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_WIN32_KMT_HANDLE_SUPPORTED) != 0;

    /// <summary>The most blocks resident on a multiprocessor.</summary>
    public int MaxBlocksPerMultiprocessor => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);

    /// <summary>Whether memory can be allocated compressible.</summary>
    public bool HasCompressibleMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GENERIC_COMPRESSION_SUPPORTED) != 0;

    /// <summary>The second-level cache that can be set aside for persisting accesses, in bytes.</summary>
    public int MaxPersistingL2CacheBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_PERSISTING_L2_CACHE_SIZE);

    /// <summary>The largest window of an access policy, in bytes.</summary>
    public int MaxAccessPolicyWindowBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_ACCESS_POLICY_WINDOW_SIZE);

    /// <summary>Whether memory from <c>cuMemCreate</c> works with GPUDirect RDMA.</summary>
    public bool HasGpuDirectRdmaWithVirtualMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_CUDA_VMM_SUPPORTED) != 0;

    /// <summary>The shared memory of every block that the driver keeps for itself, in bytes.</summary>
    public int ReservedSharedMemoryPerBlockBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);

    /// <summary>Whether arrays can be sparse.</summary>
    public bool HasSparseArrays => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_SPARSE_CUDA_ARRAY_SUPPORTED) != 0;

    /// <summary>Whether read-only memory of the host can be registered.</summary>
    public bool CanRegisterReadOnlyHostMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED) != 0;

    /// <summary>Whether external timeline semaphores work.</summary>
    public bool HasTimelineSemaphores => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TIMELINE_SEMAPHORE_INTEROP_SUPPORTED) != 0;

    /// <summary>Whether stream-ordered allocation and <see cref="MemoryPool"/> work.</summary>
    public bool HasMemoryPools => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) != 0;

    /// <summary>Whether GPUDirect RDMA works.</summary>
    public bool HasGpuDirectRdma => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_SUPPORTED) != 0;

    /// <summary>How writes of GPUDirect RDMA can be flushed.</summary>
    public CUflushGPUDirectRDMAWritesOptions GpuDirectRdmaFlushOptions => (CUflushGPUDirectRDMAWritesOptions)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_FLUSH_WRITES_OPTIONS);

    /// <summary>Who sees writes of GPUDirect RDMA without a flush.</summary>
    public CUGPUDirectRDMAWritesOrdering GpuDirectRdmaOrdering => (CUGPUDirectRDMAWritesOrdering)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WRITES_ORDERING);

    /// <summary>The kinds of handles a memory pool can be shared by; a set of bits.</summary>
    public CUmemAllocationHandleType MemoryPoolHandleTypes => (CUmemAllocationHandleType)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEMPOOL_SUPPORTED_HANDLE_TYPES);

    /// <summary>Whether <see cref="LaunchShape.Cluster"/> launches work.</summary>
    public bool CanLaunchClusters => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH) != 0;

    /// <summary>Whether arrays can be mapped to memory later.</summary>
    public bool HasDeferredMappingArrays => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_DEFERRED_MAPPING_CUDA_ARRAY_SUPPORTED) != 0;

    /// <summary>Whether 64-bit stream memory operations work.</summary>
    public bool Has64BitStreamMemoryOperations => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS) != 0;

    /// <summary>Whether a stream can wait for a NOR of a value.</summary>
    public bool HasStreamWaitNor => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CAN_USE_STREAM_WAIT_VALUE_NOR) != 0;

    /// <summary>Whether memory can be shared as a dma-buf.</summary>
    public bool ExportsDmaBuf => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED) != 0;

    /// <summary>Whether events can be shared between processes.</summary>
    public bool HasIpcEvents => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_IPC_EVENT_SUPPORTED) != 0;

    /// <summary>The number of memory synchronisation domains.</summary>
    public int MemorySynchronizationDomainCount => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEM_SYNC_DOMAIN_COUNT);

    /// <summary>Whether kernels can use tensor maps.</summary>
    public bool HasTensorMaps => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TENSOR_MAP_ACCESS_SUPPORTED) != 0;

    /// <summary>Whether memory can be shared over a fabric of devices.</summary>
    public bool ExportsFabricHandles => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_FABRIC_SUPPORTED) != 0;

    /// <summary>Whether function pointers are the same in all code of the device.</summary>
    public bool HasUnifiedFunctionPointers => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_UNIFIED_FUNCTION_POINTERS) != 0;

    /// <summary>Whether the device's memory is a NUMA node of the host.</summary>
    public CUdeviceNumaConfig NumaConfiguration => (CUdeviceNumaConfig)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_NUMA_CONFIG);

    /// <summary>The NUMA node of the device's memory.</summary>
    public int NumaNode => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_NUMA_ID);

    /// <summary>Whether multicast objects work.</summary>
    public bool HasMulticast => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTICAST_SUPPORTED) != 0;

    /// <summary>Whether contexts run under the multi-process service.</summary>
    public bool UsesMps => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MPS_ENABLED) != 0;

    /// <summary>The NUMA node of the host nearest to the device; -1 where the system has none.</summary>
    public int HostNumaNode => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID);

    /// <summary>Whether contexts can share the device with Direct3D 12.</summary>
    public bool HasD3D12Sharing => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_D3D12_CIG_SUPPORTED) != 0;

    /// <summary>The algorithms the device decompresses in hardware; a set of bits.</summary>
    public CUmemDecompressAlgorithm DecompressionAlgorithms => (CUmemDecompressAlgorithm)GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEM_DECOMPRESS_ALGORITHM_MASK);

    /// <summary>The most bytes of one hardware decompression.</summary>
    public int MaxDecompressionBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MEM_DECOMPRESS_MAXIMUM_LENGTH);

    /// <summary>Whether contexts can share the device with Vulkan.</summary>
    public bool HasVulkanSharing => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_VULKAN_CIG_SUPPORTED) != 0;

    /// <summary>The PCI device number (upper 16 bits) and vendor number (lower 16 bits).</summary>
    public int PciDeviceAndVendor => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_PCI_DEVICE_ID);

    /// <summary>The PCI subsystem number (upper 16 bits) and subsystem vendor number (lower 16 bits).</summary>
    public int PciSubsystem => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_PCI_SUBSYSTEM_ID);

    /// <summary>Whether <c>cuMemCreate</c> can allocate on NUMA nodes of the host.</summary>
    public bool HasHostNumaVirtualMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NUMA_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0;

    /// <summary>Whether memory pools can lie on NUMA nodes of the host.</summary>
    public bool HasHostNumaMemoryPools => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NUMA_MEMORY_POOLS_SUPPORTED) != 0;

    /// <summary>Whether memory on NUMA nodes of the host can be shared between machines.</summary>
    public bool HasHostNumaMultiNodeIpc => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_NUMA_MULTINODE_IPC_SUPPORTED) != 0;

    /// <summary>Whether memory pools can lie on the host.</summary>
    public bool HasHostMemoryPools => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_MEMORY_POOLS_SUPPORTED) != 0;

    /// <summary>Whether <c>cuMemCreate</c> can allocate on the host.</summary>
    public bool HasHostVirtualMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0;

    /// <summary>Whether pinned memory can be shared as a dma-buf.</summary>
    public bool ExportsPinnedMemoryAsDmaBuf => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_HOST_ALLOC_DMA_BUF_SUPPORTED) != 0;

    /// <summary>Whether only some atomic operations work between host and device.</summary>
    public bool HasOnlySomeNativeHostAtomics => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ONLY_PARTIAL_HOST_NATIVE_ATOMIC_SUPPORTED) != 0;

    /// <summary>Whether streams can do atomic reductions.</summary>
    public bool HasAtomicReduction => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_ATOMIC_REDUCTION_SUPPORTED) != 0;

    /// <summary>The number of locality domains of the device.</summary>
    public int LocalityDomainCount => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOCALITY_DOMAIN_COUNT);

    /// <summary>The most shared memory of a block in the oversized mode, in bytes.</summary>
    public int MaxOversizedSharedMemoryPerBlockBytes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_OVERSIZED_SHARED_MEMORY_PER_BLOCK);

    /// <summary>Whether single streams can share the device with Direct3D 12.</summary>
    public bool HasD3D12StreamSharing => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_D3D12_CIG_STREAMS_SUPPORTED) != 0;

    /// <summary>Whether the host can map the dma-buf of device memory.</summary>
    public bool MapsDmaBuf => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_DMA_BUF_MMAP_SUPPORTED) != 0;

    /// <summary>Whether logical endpoints for one receiver work.</summary>
    public bool HasUnicastEndpoints => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOGICAL_ENDPOINT_UNICAST_SUPPORTED) != 0;

    /// <summary>Whether logical endpoints for several receivers work.</summary>
    public bool HasMulticastEndpoints => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOGICAL_ENDPOINT_MULTICAST_SUPPORTED) != 0;

    /// <summary>Whether logical endpoints can count operations.</summary>
    public bool HasCountedEndpoints => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOGICAL_ENDPOINT_COUNTED_OPS_SUPPORTED) != 0;

    /// <summary>Whether the owner itself can use its endpoint for one receiver.</summary>
    public bool HasUnicastEndpointsOnOwner => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOGICAL_ENDPOINT_UNICAST_ACCESS_ON_OWNER_DEVICE_SUPPORTED) != 0;

    /// <summary>The number of multiprocessors in a locality domain.</summary>
    public int LocalityDomainMultiprocessorCount => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOCALITY_DOMAIN_MULTIPROCESSOR_COUNT);

    /// <summary>The kinds of handles a logical endpoint can be shared by; a set of bits.</summary>
    public int EndpointHandleTypes => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_LOGICAL_ENDPOINT_SUPPORTED_HANDLE_TYPES);

    /// <summary>Whether single streams can share the device with Vulkan.</summary>
    public bool HasVulkanStreamSharing => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_VULKAN_CIG_STREAMS_SUPPORTED) != 0;

    /// <summary>The size from which a tensor map counts as large.</summary>
    public int LargeTensorMapMinimum => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_TENSOR_MAP_LARGE_TENSOR_MIN_SIZE);

    /// <summary>Whether GPUDirect RDMA works with memory of a locality domain.</summary>
    public bool HasGpuDirectRdmaWithLocalizedMemory => GetAttribute(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_GPU_DIRECT_RDMA_WITH_LOCALIZED_MEMORY_SUPPORTED) != 0;
}
