// The files beside this one are compiled twice: into the kernel by asc, and by tsc, which reads AssemblyScript's integers so.
declare type u32 = number;
declare type usize = number;
