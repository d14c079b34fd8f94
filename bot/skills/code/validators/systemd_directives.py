"""The directives that sections of systemd units have, and which of them a unit needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_UNIT = """
Description Documentation Wants Requires Requisite BindsTo PartOf Upholds Conflicts Before After
OnFailure OnSuccess PropagatesReloadTo ReloadPropagatedFrom PropagatesStopTo StopPropagatedFrom
JoinsNamespaceOf RequiresMountsFor WantsMountsFor OnSuccessJobMode OnFailureJobMode IgnoreOnIsolate
StopWhenUnneeded RefuseManualStart RefuseManualStop AllowIsolate DefaultDependencies SurviveFinalKillSignal
CollectMode FailureAction SuccessAction FailureActionExitStatus SuccessActionExitStatus
JobTimeoutSec JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument StartLimitIntervalSec
StartLimitBurst StartLimitAction RebootArgument SourcePath
"""
_CONDITIONS = """
Architecture Firmware Virtualization Host KernelCommandLine KernelVersion Credential Environment
Security Capability ACPower NeedsUpdate FirstBoot PathExists PathExistsGlob PathIsDirectory
PathIsSymbolicLink PathIsMountPoint PathIsReadWrite PathIsEncrypted DirectoryNotEmpty FileNotEmpty
FileIsExecutable User Group ControlGroupController Memory CPUs CPUFeature OSRelease
MemoryPressure CPUPressure IOPressure
"""
_INSTALL = "Alias WantedBy RequiredBy UpheldBy Also DefaultInstance"
_SERVICE = """
Type ExitType RemainAfterExit GuessMainPID PIDFile BusName ExecStart ExecStartPre ExecStartPost
ExecCondition ExecReload ExecStop ExecStopPost RestartSec RestartSteps RestartMaxDelaySec
TimeoutStartSec TimeoutStopSec TimeoutAbortSec TimeoutSec TimeoutStartFailureMode
TimeoutStopFailureMode RuntimeMaxSec RuntimeRandomizedExtraSec WatchdogSec Restart RestartMode
SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus RootDirectoryStartOnly
NonBlocking NotifyAccess Sockets FileDescriptorStoreMax FileDescriptorStorePreserve
USBFunctionDescriptors USBFunctionStrings OOMPolicy OpenFile ReloadSignal
"""
_EXEC = """
WorkingDirectory RootDirectory RootImage RootImageOptions RootHash MountAPIVFS ProtectProc
ProcSubset BindPaths BindReadOnlyPaths MountImages ExtensionImages ExtensionDirectories User Group
DynamicUser SupplementaryGroups SetLoginEnvironment PAMName CapabilityBoundingSet
AmbientCapabilities NoNewPrivileges SecureBits SELinuxContext AppArmorProfile SmackProcessLabel
LimitCPU LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitNOFILE LimitAS LimitNPROC
LimitMEMLOCK LimitLOCKS LimitSIGPENDING LimitMSGQUEUE LimitNICE LimitRTPRIO LimitRTTIME UMask
CoredumpFilter KeyringMode OOMScoreAdjust TimerSlackNSec Personality IgnoreSIGPIPE Nice
CPUSchedulingPolicy CPUSchedulingPriority CPUSchedulingResetOnFork CPUAffinity NUMAPolicy NUMAMask
IOSchedulingClass IOSchedulingPriority ProtectSystem ProtectHome RuntimeDirectory StateDirectory
CacheDirectory LogsDirectory ConfigurationDirectory RuntimeDirectoryMode StateDirectoryMode
CacheDirectoryMode LogsDirectoryMode ConfigurationDirectoryMode RuntimeDirectoryPreserve
TimeoutCleanSec ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths
TemporaryFileSystem PrivateTmp PrivateDevices PrivateNetwork NetworkNamespacePath PrivateIPC
IPCNamespacePath MemoryKSM PrivatePIDs PrivateUsers ProtectHostname ProtectClock
ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups
RestrictAddressFamilies RestrictFileSystems RestrictNamespaces LockPersonality
MemoryDenyWriteExecute RestrictRealtime RestrictSUIDSGID RemoveIPC PrivateMounts MountFlags
SystemCallFilter SystemCallErrorNumber SystemCallArchitectures SystemCallLog Environment
EnvironmentFile PassEnvironment UnsetEnvironment StandardInput StandardOutput StandardError
StandardInputText StandardInputData LogLevelMax LogExtraFields LogRateLimitIntervalSec
LogRateLimitBurst LogFilterPatterns LogNamespace SyslogIdentifier SyslogFacility SyslogLevel
SyslogLevelPrefix TTYPath TTYReset TTYVHangup TTYRows TTYColumns TTYVTDisallocate LoadCredential
LoadCredentialEncrypted ImportCredential SetCredential SetCredentialEncrypted UtmpIdentifier
UtmpMode
"""
_KILL = (
    "KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL FinalKillSignal WatchdogSignal"
)
_RESOURCES = """
CPUAccounting CPUWeight StartupCPUWeight CPUQuota CPUQuotaPeriodSec AllowedCPUs StartupAllowedCPUs
AllowedMemoryNodes StartupAllowedMemoryNodes MemoryAccounting MemoryMin MemoryLow StartupMemoryLow
MemoryHigh StartupMemoryHigh MemoryMax StartupMemoryMax MemorySwapMax StartupMemorySwapMax
MemoryZSwapMax MemoryZSwapWriteback TasksAccounting TasksMax IOAccounting IOWeight StartupIOWeight
IODeviceWeight IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax
IODeviceLatencyTargetSec IPAccounting IPAddressAllow IPAddressDeny SocketBindAllow SocketBindDeny
RestrictNetworkInterfaces NFTSet IPIngressFilterPath IPEgressFilterPath BPFProgram DeviceAllow
DevicePolicy Slice Delegate DelegateSubgroup DisableControllers ManagedOOMSwap
ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference MemoryPressureWatch
MemoryPressureThresholdSec CoredumpReceive
"""
_TIMER = """
OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar AccuracySec
RandomizedDelaySec FixedRandomDelay OnClockChange OnTimezoneChange Unit Persistent WakeSystem
RemainAfterElapse DeferReactivation RandomizedOffsetSec
"""
_SOCKET = """
ListenStream ListenDatagram ListenSequentialPacket ListenFIFO ListenSpecial ListenNetlink
ListenMessageQueue ListenUSBFunction SocketProtocol BindIPv6Only Backlog BindToDevice SocketUser
SocketGroup SocketMode DirectoryMode Accept Writable FlushPending MaxConnections
MaxConnectionsPerSource KeepAlive KeepAliveTimeSec KeepAliveIntervalSec KeepAliveProbes NoDelay
Priority DeferAcceptSec ReceiveBuffer SendBuffer IPTOS IPTTL Mark ReusePort SmackLabel
PipeSize MessageQueueMaxMessages MessageQueueMessageSize FreeBind Transparent Broadcast
PassCredentials PassSecurity PassPacketInfo Timestamping TCPCongestion ExecStartPre ExecStartPost
ExecStopPre ExecStopPost TimeoutSec Service RemoveOnStop Symlinks FileDescriptorName
TriggerLimitIntervalSec TriggerLimitBurst PollLimitIntervalSec PollLimitBurst
"""
_PATH = """
PathExists PathExistsGlob PathChanged PathModified DirectoryNotEmpty Unit MakeDirectory
DirectoryMode TriggerLimitIntervalSec TriggerLimitBurst
"""
_MOUNT = """
What Where Type Options SloppyOptions LazyUnmount ReadWriteOnly ForceUnmount DirectoryMode TimeoutSec
"""
_RUNS = f"{_EXEC} {_KILL} {_RESOURCES}"


def _conditions() -> str:
    kinds = _CONDITIONS.split()
    return " ".join(f"{prefix}{kind}" for prefix in ("Condition", "Assert") for kind in kinds)


DIRECTIVES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "Unit": frozenset(f"{_UNIT} {_conditions()}".split()),
        "Install": frozenset(_INSTALL.split()),
        "Service": frozenset(f"{_SERVICE} {_RUNS}".split()),
        "Timer": frozenset(_TIMER.split()),
        "Socket": frozenset(f"{_SOCKET} {_RUNS}".split()),
        "Path": frozenset(_PATH.split()),
        "Mount": frozenset(f"{_MOUNT} {_RUNS}".split()),
        "Automount": frozenset({"Where", "ExtraOptions", "DirectoryMode", "TimeoutIdleSec"}),
        "Swap": frozenset(f"What Priority Options TimeoutSec {_RUNS}".split()),
        "Slice": frozenset(_RESOURCES.split()),
    }
)
_RESTART_VALUES = "no on-success on-failure on-abnormal on-watchdog on-abort always"
_RESTARTS = frozenset(_RESTART_VALUES.split())
_TYPE_VALUES = "simple exec forking oneshot dbus notify notify-reload idle"
_TYPES = frozenset(_TYPE_VALUES.split())


def due(found: Mapping[tuple[str, str], str]) -> list[str]:
    """What a unit lacks, or has with a value that systemd does not know.

    Args:
        found: The last value by section and key.
    """
    sections = {section for section, _ in found}
    problems: list[str] = []
    of_timer = [key for section, key in found if section == "Timer"]
    if "Timer" in sections and not any(key.startswith("On") for key in of_timer):
        problems.append("[Timer] never starts: it has neither OnCalendar nor another On...Sec")
    if found.get(("Service", "Restart"), "no") not in _RESTARTS:
        problems.append(f"Restart is one of {', '.join(sorted(_RESTARTS))}")
    if found.get(("Service", "Type"), "simple") not in _TYPES:
        problems.append(f"Type is one of {', '.join(sorted(_TYPES))}")
    command = found.get(("Service", "ExecStart"), "")
    if command and not command.lstrip("@-:+!|").startswith(("/", "%")):
        problems.append("ExecStart begins with an absolute path")
    return problems
