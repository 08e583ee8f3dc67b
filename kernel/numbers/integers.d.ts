// Both compilers read the files beside this one: asc for the kernel, tsc for the format room. To tsc, AssemblyScript's integers
// are numbers.
declare type u32 = number;
declare type usize = number;
