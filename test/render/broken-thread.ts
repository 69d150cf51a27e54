// A render thread that dies as soon as it is started.
throw new Error('it cannot start');
