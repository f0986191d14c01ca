/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of Go's runtime that tare reads, one line each: X(name, struct, path). In a path, '.' enters a nested
 * struct, and '|' separates a field's names in different versions; an empty path is the struct's size.
 */
#ifndef TARE_GOFIELDS_H
#define TARE_GOFIELDS_H

#define GO_STRUCTS(X)                         \
	X(GO_G, "runtime.g")                  \
	X(GO_M, "runtime.m")                  \
	X(GO_P, "runtime.p")                  \
	X(GO_SCHED, "runtime.schedt")         \
	X(GO_MCACHE, "runtime.mcache")        \
	X(GO_MSPAN, "runtime.mspan")          \
	X(GO_MHEAP, "runtime.mheap")          \
	X(GO_GC, "runtime.gcControllerState") \
	X(GO_DELTA, "runtime.heapStatsDelta") \
	X(GO_MSTATS, "runtime.mstats")        \
	X(GO_HIST, "runtime.timeHistogram")   \
	X(GO_WORK, "runtime.workType")

#define GO_FIELDS(X)                                              \
	X(G_M, GO_G, "m")                                         \
	X(G_ATOMICSTATUS, GO_G, "atomicstatus")                   \
	X(G_GOID, GO_G, "goid")                                   \
	X(G_WAITREASON, GO_G, "waitreason")                       \
	X(G_SP, GO_G, "sched.sp")                                 \
	X(G_PC, GO_G, "sched.pc")                                 \
	X(G_BP, GO_G, "sched.bp")                                 \
	X(G_STACKLO, GO_G, "stack.lo")                            \
	X(G_STACKHI, GO_G, "stack.hi")                            \
	X(G_SYSCALLSP, GO_G, "syscallsp")                         \
	X(G_SYSCALLPC, GO_G, "syscallpc")                         \
	X(G_WAITSINCE, GO_G, "waitsince")                         \
	X(G_TRACKINGSEQ, GO_G, "trackingSeq")                     \
	X(G_PARENTGOID, GO_G, "parentGoid")                       \
	X(G_GOPC, GO_G, "gopc")                                   \
	X(G_STARTPC, GO_G, "startpc")                             \
	X(M_G0, GO_M, "g0")                                       \
	X(M_PROCID, GO_M, "procid")                               \
	X(M_CURG, GO_M, "curg")                                   \
	X(M_P, GO_M, "p")                                         \
	X(M_ID, GO_M, "id")                                       \
	X(M_PREEMPTOFF, GO_M, "preemptoff")                       \
	X(M_ALLLINK, GO_M, "alllink")                             \
	X(P_ID, GO_P, "id")                                       \
	X(P_STATUS, GO_P, "status")                               \
	X(P_SCHEDTICK, GO_P, "schedtick")                         \
	X(P_SYSCALLTICK, GO_P, "syscalltick")                     \
	X(P_MCACHE, GO_P, "mcache")                               \
	X(P_GOIDCACHE, GO_P, "goidcache")                         \
	X(P_GOIDCACHEEND, GO_P, "goidcacheend")                   \
	X(P_GOROUTINESCREATED, GO_P, "goroutinesCreated")         \
	X(P_LIMITEREVENT, GO_P, "limiterEvent")                   \
	X(SCHED_GOIDGEN, GO_SCHED, "goidgen")                     \
	X(SCHED_MIDLE, GO_SCHED, "midle")                         \
	X(SCHED_NMIDLE, GO_SCHED, "nmidle")                       \
	X(SCHED_MNEXT, GO_SCHED, "mnext")                         \
	X(SCHED_MAXMCOUNT, GO_SCHED, "maxmcount")                 \
	X(SCHED_PIDLE, GO_SCHED, "pidle")                         \
	X(SCHED_NPIDLE, GO_SCHED, "npidle")                       \
	X(SCHED_NMSPINNING, GO_SCHED, "nmspinning")               \
	X(SCHED_STOPWAIT, GO_SCHED, "stopwait")                   \
	X(SCHED_PROCRESIZETIME, GO_SCHED, "procresizetime")       \
	X(SCHED_TOTALTIME, GO_SCHED, "totaltime")                 \
	X(SCHED_TIMETORUN, GO_SCHED, "timeToRun")                 \
	X(SCHED_IDLETIME, GO_SCHED, "idleTime")                   \
	X(SCHED_STWTOTALGC, GO_SCHED, "stwTotalTimeGC")           \
	X(SCHED_GOROUTINESCREATED, GO_SCHED, "goroutinesCreated") \
	X(SCHED_SIZE, GO_SCHED, "")                               \
	X(MCACHE_TINYALLOCS, GO_MCACHE, "tinyAllocs")             \
	X(MCACHE_ALLOC, GO_MCACHE, "alloc")                       \
	X(MSPAN_NELEMS, GO_MSPAN, "nelems")                       \
	X(MSPAN_ALLOCCOUNT, GO_MSPAN, "allocCount")               \
	X(MSPAN_BEFORECACHE, GO_MSPAN, "allocCountBeforeCache")   \
	X(MSPAN_ELEMSIZE, GO_MSPAN, "elemsize")                   \
	X(MSPAN_STARTADDR, GO_MSPAN, "startAddr")                 \
	X(MSPAN_NPAGES, GO_MSPAN, "npages")                       \
	X(MSPAN_STATE, GO_MSPAN, "state")                         \
	X(MSPAN_ALLOCBITS, GO_MSPAN, "allocBits")                 \
	X(MHEAP_SUMMARY, GO_MHEAP, "pages.summary")               \
	X(MHEAP_INUSE, GO_MHEAP, "pages.inUse.ranges")            \
	X(MHEAP_ALLSPANS, GO_MHEAP, "allspans")                   \
	X(MHEAP_ARENAS, GO_MHEAP, "arenas")                       \
	X(GC_GCPERCENT, GO_GC, "gcPercent")                       \
	X(GC_MEMORYLIMIT, GO_GC, "memoryLimit")                   \
	X(GC_HEAPGOAL, GO_GC, "gcPercentHeapGoal|heapGoal")       \
	X(GC_TRIGGERED, GO_GC, "triggered")                       \
	X(GC_HEAPLIVE, GO_GC, "heapLive")                         \
	X(GC_LASTSTACKSCAN, GO_GC, "lastStackScan")               \
	X(GC_GLOBALSSCAN, GO_GC, "globalsScan")                   \
	X(GC_HEAPMARKED, GO_GC, "heapMarked")                     \
	X(GC_ASSISTTIME, GO_GC, "assistTime")                     \
	X(GC_DEDICATEDTIME, GO_GC, "dedicatedMarkTime")           \
	X(GC_FRACTIONALTIME, GO_GC, "fractionalMarkTime")         \
	X(GC_IDLETIME, GO_GC, "idleMarkTime")                     \
	X(GC_HEAPINUSE, GO_GC, "heapInUse")                       \
	X(GC_HEAPFREE, GO_GC, "heapFree")                         \
	X(GC_TOTALALLOC, GO_GC, "totalAlloc")                     \
	X(GC_TOTALFREE, GO_GC, "totalFree")                       \
	X(GC_MAPPEDREADY, GO_GC, "mappedReady")                   \
	X(DELTA_RELEASED, GO_DELTA, "released")                   \
	X(DELTA_INHEAP, GO_DELTA, "inHeap")                       \
	X(DELTA_INSTACKS, GO_DELTA, "inStacks")                   \
	X(DELTA_INWORKBUFS, GO_DELTA, "inWorkBufs")               \
	X(DELTA_INPTRSCALARBITS, GO_DELTA, "inPtrScalarBits")     \
	X(DELTA_TINYALLOCCOUNT, GO_DELTA, "tinyAllocCount")       \
	X(DELTA_LARGEALLOC, GO_DELTA, "largeAlloc")               \
	X(DELTA_LARGEALLOCCOUNT, GO_DELTA, "largeAllocCount")     \
	X(DELTA_SMALLALLOCCOUNT, GO_DELTA, "smallAllocCount")     \
	X(DELTA_LARGEFREE, GO_DELTA, "largeFree")                 \
	X(DELTA_LARGEFREECOUNT, GO_DELTA, "largeFreeCount")       \
	X(DELTA_SMALLFREECOUNT, GO_DELTA, "smallFreeCount")       \
	X(DELTA_SIZE, GO_DELTA, "")                               \
	X(MSTATS_HEAPSTATS, GO_MSTATS, "heapStats")               \
	X(MSTATS_GEN, GO_MSTATS, "heapStats.gen")                 \
	X(MSTATS_STACKSSYS, GO_MSTATS, "stacks_sys")              \
	X(MSTATS_LASTGCUNIX, GO_MSTATS, "last_gc_unix")           \
	X(MSTATS_PAUSETOTALNS, GO_MSTATS, "pause_total_ns")       \
	X(MSTATS_PAUSENS, GO_MSTATS, "pause_ns")                  \
	X(MSTATS_PAUSEEND, GO_MSTATS, "pause_end")                \
	X(MSTATS_NUMGC, GO_MSTATS, "numgc")                       \
	X(MSTATS_LASTGCNANO, GO_MSTATS, "last_gc_nanotime")       \
	X(MSTATS_GCPAUSEDIST, GO_MSTATS, "gcPauseDist")           \
	X(MSTATS_SIZE, GO_MSTATS, "")                             \
	X(HIST_SIZE, GO_HIST, "")                                 \
	X(WORK_CPUSTATS, GO_WORK, "cpuStats")

#define GO_STRUCT_ENUM(id, name) id,
enum go_struct { GO_STRUCTS(GO_STRUCT_ENUM) GO_NR_STRUCTS };

#define GO_FIELD_ENUM(id, of, path) id,
enum go_field { GO_FIELDS(GO_FIELD_ENUM) GO_NR_FIELDS };

struct go_field_place {
	enum go_struct of;
	const char *path;
};

extern const char *const go_struct_names[GO_NR_STRUCTS];
extern const struct go_field_place go_fields[GO_NR_FIELDS];

#endif /* TARE_GOFIELDS_H */
